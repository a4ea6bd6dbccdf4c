/** The panel's style sheet. */
import { BASE } from './base.ts';
import { CONVERSATION } from './conversation.ts';
import { DESK } from './desk.ts';
import { DETAILS } from './details.ts';
import { DRAWING } from './drawing.ts';

export const CSS = [BASE, DESK, DRAWING, DETAILS, CONVERSATION].join('\n');

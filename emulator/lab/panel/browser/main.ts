/// <reference lib="dom" />
/** The panel of a lab: opens the session, listens to the lab, and has each part draw what it shows. */
import { setUpAnnouncements } from './announcements.ts';
import { LabApi } from './api.ts';
import { setUpClock } from './clock.ts';
import { Connection, type ConnectionState } from './connection.ts';
import { setUpConversation } from './conversation.ts';
import { setUpDesk } from './desk.ts';
import { setUpDetails } from './details.ts';
import { byId, setAttribute, setText, show } from './dom.ts';
import { type LabMessage, LabState } from './lab-state.ts';
import { setUpLinks } from './links.ts';
import { Panel } from './panel.ts';
import { forgetSession, openSession } from './session.ts';
import { setUpTokens } from './tokens.ts';

const lab = byId('lab', HTMLElement);
const gate = byId('gate', HTMLElement);
const connection = byId('connection', HTMLElement);

function showConnection(state: ConnectionState): void {
  setAttribute(connection, 'data-state', state.name);
  setText(connection, connectionInWords(state));
  if (state.name !== 'refused') return;
  forgetSession();
  closeGate();
}

function connectionInWords(state: ConnectionState): string {
  switch (state.name) {
    case 'connecting':
      return 'Connecting';
    case 'open':
      return 'Live';
    case 'waiting':
      return `The lab does not answer: next try in ${state.seconds} s`;
    case 'refused':
      return 'Not connected';
  }
}

function closeGate(): void {
  show(lab, false);
  show(gate, true);
  setText(connection, 'Not connected');
}

function start(token: string): void {
  const state = new LabState();
  const panel = new Panel(state, new LabApi(token));
  setUpDesk(panel);
  setUpTokens(panel);
  setUpDetails(panel);
  setUpConversation(panel);
  setUpClock(panel);
  setUpLinks(state);
  setUpAnnouncements(state);
  new Connection(token, {
    onState: showConnection,
    onMessage: (message) => {
      state.apply(message as LabMessage);
      show(lab, true);
    },
  });
}

const token = await openSession();
if (token === undefined) closeGate();
else start(token);
// A new link in the same tab changes the fragment alone.
addEventListener('hashchange', () => location.reload());

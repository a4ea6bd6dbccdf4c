/** The last two steps of every enrolment; browser/enrolment.ts brings them to life. */
import { html } from 'hono/html';
import { tick, touchPicture } from './icons.ts';
import type { Html } from './layout.ts';

/** The step that asks for the key: `thing` is what is added, `waiting` what is waited for. */
export function useKey({ thing, waiting }: { readonly thing: Html; readonly waiting: string }): Html {
  return html`<div data-step="key" hidden>
<h1 tabindex="-1">Continue to add your ${thing}</h1>
${touchPicture}
<div id="ready">
  <p>Your browser will open a prompt. Insert your key, then touch it when it blinks. If the key has a PIN, you may be asked for it.</p>
  <p class="actions"><button id="continue" type="button">Continue</button>
  <button id="back" class="quiet" type="button" data-back="method">Back</button></p>
</div>
<div id="waiting" hidden>
  <p class="waiting">Waiting for your ${waiting}. Touch it when it blinks.</p>
  <p class="actions"><button id="cancel" class="secondary" type="button">Cancel</button></p>
</div>
</div>`;
}

/** The step that tells of success; `finish` is where its button leads. */
export function done({ title, finish }: { readonly title: string; readonly finish: string }): Html {
  return html`<div data-step="done" hidden>
<div class="badge">${tick}</div>
<h1 id="success" tabindex="-1">${title}</h1>
<p id="success-text"></p>
<p class="actions"><a id="finish" class="button" href="${finish}">Finish</a>
<button id="add-another" class="secondary" type="button">Add another</button></p>
</div>`;
}

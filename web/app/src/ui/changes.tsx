// The latest changes of state, from the journal.

import type { App } from "../app";
import { type RouterState, routerStates } from "../model";
import type { Gap, LogEvent } from "../protocol";
import { routerHash } from "../route";
import { State } from "./parts";

const shown = 12;

/** Changes lists those of one router, or of all. */
export function Changes({ app, router }: { app: App; router: string | null }) {
  const { events, gaps } = app.fleet.value;
  const mine = events.filter((e) => e.topic === "router.status" && (router === null || e.data.router === router));
  const lost = gaps.filter((g) => g.topic === "router.status").at(-1);
  if (mine.length === 0) return null;
  return (
    <section class="changes" aria-label="Changes of state">
      <h2>Changes of state</h2>
      {lost && <p class="aside">{missing(lost)}</p>}
      <ol>
        {mine
          .slice(-shown)
          .reverse()
          .map((e) => (
            <Change key={`${e.seq} ${e.time} ${e.data.router}`} event={e} named={router === null} />
          ))}
      </ol>
    </section>
  );
}

function missing(gap: Gap): string {
  if (gap.why === "restart") return "The server was restarted; what changed meanwhile may be missing.";
  return gap.lost > 0
    ? `${gap.lost} are missing: the server no longer keeps them.`
    : "Some are missing: the server no longer keeps them.";
}

function Change({ event, named }: { event: LogEvent; named: boolean }) {
  const { router, to, reason } = event.data;
  const name = String(router ?? "");
  return (
    <li>
      <time dateTime={new Date(event.time).toISOString()}>{when(event.time)}</time>
      {named && <a href={routerHash(name)}>{name}</a>}
      <State state={known(to)} />
      <span class="aside">{typeof reason === "string" ? reason : ""}</span>
    </li>
  );
}

function known(state: unknown): RouterState {
  return routerStates.find((s) => s === state) ?? "unknown";
}

/** when is the time of day, with the date if it is another day. */
function when(ms: number): string {
  const at = new Date(ms);
  const time = at.toLocaleTimeString(undefined, { hour12: false });
  return at.toDateString() === new Date().toDateString() ? time : `${at.toLocaleDateString()} ${time}`;
}

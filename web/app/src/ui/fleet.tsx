// The list of routers, with everything around it.

import { useEffect, useRef } from "preact/hooks";
import type { App } from "../app";
import type { Link } from "../link";
import { type RouterState, routerName, routerStates, routers, stateOf, stateWord } from "../model";
import type { Rows } from "../reducer";
import type { FleetRoute } from "../route";
import { Changes } from "./changes";
import { matches } from "./columns";
import { FleetStats } from "./fleet_stats";
import { FleetTable } from "./fleet_table";
import { Shape } from "./parts";

export function Fleet({ app, route }: { app: App; route: FleetRoute }) {
  const rows = routers(app.fleet.value);
  const synced = app.fleet.value.synced;
  useEffect(() => {
    document.title = title(rows);
  });
  if (rows.size === 0) return synced ? <NoRouters /> : <Waiting link={app.link.value} />;
  return (
    <>
      <h1 class="hidden">Routers</h1>
      <FleetStats app={app} />
      <Toolbar app={app} route={route} rows={rows} />
      <FleetTable app={app} route={route} rows={rows} />
      <Changes app={app} router={null} />
    </>
  );
}

function title(rows: Rows): string {
  let bad = 0;
  for (const row of rows.values()) {
    const s = stateOf(row);
    if (s === "offline" || s === "auth-failed") bad++;
  }
  return bad > 0 ? `(${bad}) RouterPulse` : "RouterPulse";
}

/** Waiting says what the page waits for, in place of an empty frame. */
function Waiting({ link }: { link: Link }) {
  return (
    <section class="card blank">
      <h1>{link.kind === "connecting" ? "Connecting" : "No data yet"}</h1>
      <p>
        {link.kind === "connecting"
          ? `Waiting for ${link.waitingFor}.`
          : "The list of routers appears here as soon as there is a connection."}
      </p>
    </section>
  );
}

const firstDevice = `credentials:
  - { name: ro, snmp: { version: 2c, community: public } }
devices:
  - { name: core-1, address: 10.0.0.1, credentials: [ro] }`;

function NoRouters() {
  return (
    <section class="card blank">
      <h1>No routers yet</h1>
      <p>
        Add the first one to <code>routerpulse.yaml</code>, and it shows up here:
      </p>
      <pre>{firstDevice}</pre>
      <p>
        <code>routerpulse probe 10.0.0.1 --community public</code> shows first what would be read from it.
      </p>
    </section>
  );
}

/** Toolbar counts the states, which are filters too, and takes the text to look for. */
function Toolbar({ app, route, rows }: { app: App; route: FleetRoute; rows: Rows }) {
  const input = useSlash();
  const counts = new Map<RouterState, number>();
  for (const [key, row] of rows) {
    if (matches(routerName(key), row, route.filter)) counts.set(stateOf(row), (counts.get(stateOf(row)) ?? 0) + 1);
  }
  const all = [...counts.values()].reduce((a, b) => a + b, 0);
  const choose = (state: string) => app.go({ ...route, state: route.state === state ? "" : state });
  const type = (filter: string) => app.go({ ...route, filter }, true);
  return (
    <div class="toolbar">
      <div class="chips" role="group" aria-label="Show only">
        <button type="button" class="chip" aria-pressed={route.state === ""} onClick={() => choose("")}>
          All <b>{all}</b>
        </button>
        {routerStates
          .filter((s) => (counts.get(s) ?? 0) > 0 || route.state === s)
          .map((s) => (
            <button
              key={s}
              type="button"
              class={`chip is-${s}`}
              aria-pressed={route.state === s}
              onClick={() => choose(s)}
            >
              <Shape state={s} /> {stateWord[s]} <b>{counts.get(s) ?? 0}</b>
            </button>
          ))}
      </div>
      <label class="search">
        <span class="hidden">Filter by name, identity, model, version or reason</span>
        <input
          ref={input}
          type="search"
          placeholder="Filter"
          spellcheck={false}
          value={route.filter}
          onInput={(e) => type(e.currentTarget.value)}
        />
        {!route.filter && (
          <span class="kbd" aria-hidden="true">
            /
          </span>
        )}
      </label>
    </div>
  );
}

/** useSlash puts the cursor into the filter when "/" is pressed anywhere else. */
function useSlash() {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const pressed = (e: KeyboardEvent) => {
      const typing = e.target instanceof HTMLInputElement || e.target instanceof HTMLTextAreaElement;
      if (e.key !== "/" || typing || e.ctrlKey || e.metaKey || e.altKey) return;
      e.preventDefault();
      input.current?.select();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
  return input;
}

// The table of routers. Only the rows in view exist, so that thousands cost no more than a screenful.

import { Component } from "preact";
import { useRef } from "preact/hooks";
import type { App } from "../app";
import { age, compareNames } from "../format";
import { answers, num, routerKey, routerName, stateOf } from "../model";
import type { Row, Rows } from "../reducer";
import { type FleetRoute, type Sort, sorted } from "../route";
import { isOld } from "../trail";
import { type Column, columns, type Line, matches } from "./columns";
import { Arrow } from "./parts";
import { useWindow } from "./window";

/** By a value that moves, rows would jump at every update; so they are put in order this often. */
const reorderAfter = 2000;

interface Order {
  names: string[];
  for: string;
  size: number;
  at: number;
}

export function FleetTable({ app, route, rows }: { app: App; route: FleetRoute; rows: Rows }) {
  const names = useOrder(route, rows, app.now.value);
  const body = useRef<HTMLDivElement>(null);
  const view = useWindow(body, names.length);
  const ages = ageColumn(app, rows);
  return (
    <div class="table fleet" role="table" aria-label="Routers" aria-rowcount={names.length + 1}>
      <div role="rowgroup" class="table-head">
        <div role="row" class="row" aria-rowindex={1}>
          {columns.map((c) => (
            <Head key={c.id} column={c} sort={route.sort} onSort={(sort) => app.go({ ...route, sort })} />
          ))}
          <Head column={ages} sort={route.sort} onSort={(sort) => app.go({ ...route, sort })} />
        </div>
      </div>
      <div role="rowgroup" ref={body} class="table-body" style={{ height: `${names.length * view.rowHeight}px` }}>
        {names.slice(view.from, view.to).map((name, i) => {
          const row = rows.get(routerKey(name));
          return (
            row && (
              <FleetRow
                key={name}
                {...props(app, name, row)}
                index={view.from + i}
                top={(view.from + i) * view.rowHeight}
              />
            )
          );
        })}
      </div>
      {names.length === 0 && <p class="nothing">No router matches. {clear(app, route)}</p>}
    </div>
  );
}

function clear(app: App, route: FleetRoute) {
  return (
    <button type="button" class="link" onClick={() => app.go({ ...route, filter: "", state: "" })}>
      Show all
    </button>
  );
}

/** useOrder is the names in order, kept for a moment while only values change. */
function useOrder(route: FleetRoute, rows: Rows, now: number): string[] {
  const kept = useRef<Order | null>(null);
  const wanted = JSON.stringify([route.filter, route.state, route.sort]);
  const k = kept.current;
  if (k && k.for === wanted && k.size === rows.size && now - k.at < reorderAfter) return k.names;
  const names = orderOf(route, rows);
  kept.current = { names, for: wanted, size: rows.size, at: now };
  return names;
}

function orderOf(route: FleetRoute, rows: Rows): string[] {
  const lines: { name: string; row: Row }[] = [];
  for (const [key, row] of rows) {
    const name = routerName(key);
    if (route.state && stateOf(row) !== route.state) continue;
    if (matches(name, row, route.filter)) lines.push({ name, row });
  }
  const column = columns.find((c) => c.id === route.sort.column);
  if (route.sort.column === "age") {
    // The oldest sample has the greatest age.
    return sorted(
      lines,
      (l) => negated(num(l.row, "last_good")),
      (l) => l.name,
      route.sort.descending,
    ).map((l) => l.name);
  }
  if (!column) return lines.map((l) => l.name).sort(compareNames);
  return sorted(
    lines,
    (l) => column.key(l.name, l.row),
    (l) => l.name,
    route.sort.descending,
  ).map((l) => l.name);
}

function negated(v: number | null): number | null {
  return v === null ? null : -v;
}

function ageColumn(app: App, rows: Rows): Column {
  return {
    id: "age",
    title: "Age",
    hint: "How old the last good sample is",
    number: true,
    key: () => null,
    cell: ({ name }) => age(ageOf(app, rows.get(routerKey(name)))),
  };
}

/** ageOf is in seconds. */
function ageOf(app: App, row: Row | undefined): number | null {
  const at = num(row, "last_good");
  return at ? Math.max(0, app.serverNow() - at) / 1000 : null;
}

interface HeadProps {
  column: Column;
  sort: Sort;
  onSort: (s: Sort) => void;
}

/** Head sorts: numbers start with the greatest, texts with the first. */
export function Head({ column: c, sort, onSort }: HeadProps) {
  const current = sort.column === c.id;
  const next = current ? !sort.descending : c.number === true || c.id === "traffic";
  return (
    <div
      role="columnheader"
      class={`cell c-${c.id} ${c.number ? "is-number" : ""}`}
      aria-sort={current ? (sort.descending ? "descending" : "ascending") : "none"}
    >
      <button type="button" title={c.hint} onClick={() => onSort({ column: c.id, descending: next })}>
        {c.title}
        {current && <Arrow descending={sort.descending} />}
      </button>
    </div>
  );
}

interface RowProps extends Line {
  age: string;
  old: boolean;
  index: number;
  top: number;
}

function props(app: App, name: string, row: Row) {
  const seconds = ageOf(app, row);
  const old = !answers(stateOf(row)) || (seconds !== null && isOld(seconds * 1000, app.trails.period(name)));
  return { name, row, traffic: app.trails.traffic(name), age: age(seconds), old };
}

/** FleetRow draws itself again only when something in it changed. */
class FleetRow extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    const p = this.props;
    return (
      p.row !== next.row || p.age !== next.age || p.old !== next.old || p.index !== next.index || p.top !== next.top
    );
  }

  override render({ age: text, old, index, top, ...line }: RowProps) {
    return (
      <div role="row" class={`row ${old ? "is-old" : ""}`} aria-rowindex={index + 2} style={{ top: `${top}px` }}>
        {columns.map((c) => (
          <div key={c.id} role="cell" class={`cell c-${c.id} ${c.number ? "is-number" : ""}`} data-title={c.title}>
            {c.cell(line)}
          </div>
        ))}
        <div role="cell" class="cell c-age is-number" data-title="Age">
          {text}
        </div>
      </div>
    );
  }
}

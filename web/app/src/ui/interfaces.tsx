// The interfaces of one router. A click on one puts it into the chart.

import type { ComponentChildren } from "preact";
import type { App } from "../app";
import { bits, none, rate } from "../format";
import { type Interface, num, str, usageOf } from "../model";
import type { Row } from "../reducer";
import { type RouterRoute, type SortKey, sorted } from "../route";
import { Head } from "./fleet_table";
import { Meter } from "./parts";

interface InterfaceColumn {
  id: string;
  title: string;
  hint?: string;
  number?: boolean;
  key(i: Interface): SortKey;
  cell(row: Row): ComponentChildren;
}

const columns: readonly InterfaceColumn[] = [
  { id: "state", title: "State", key: (i) => portState(i.row).order, cell: (row) => <PortState row={row} /> },
  { id: "name", title: "Interface", key: (i) => i.name, cell: () => null },
  {
    id: "speed",
    title: "Speed",
    number: true,
    key: (i) => num(i.row, "speed_bits_per_second"),
    cell: (row) => bits(num(row, "speed_bits_per_second") || null),
  },
  way("rx", "Received"),
  way("tx", "Sent"),
  lost("errors", "Errors", "Packets with an error, per second: received, sent"),
  lost("discards", "Discards", "Good packets dropped, per second: received, sent"),
];

function way(id: "rx" | "tx", title: string): InterfaceColumn {
  const field = `${id}_bits_per_second`;
  return {
    id,
    title,
    number: true,
    key: (i) => num(i.row, field),
    cell: (row) => (
      <>
        {bits(num(row, field))}
        <Usage share={usageOf(row, id)} />
      </>
    ),
  };
}

/** Usage is the share of the link's speed; an unknown speed has none. */
function Usage({ share }: { share: number | null }) {
  return (
    <span
      class={share === null ? "usage is-unknown-speed" : "usage"}
      title={share === null ? "" : `${share.toFixed(1)} % of the speed`}
    >
      <Meter value={share} warn={70} bad={90} />
    </span>
  );
}

function lost(what: "errors" | "discards", title: string, hint: string): InterfaceColumn {
  const of = (row: Row) => [num(row, `rx_${what}_per_second`), num(row, `tx_${what}_per_second`)] as const;
  return {
    id: what,
    title,
    hint,
    number: true,
    key: (i) => {
      const [rx, tx] = of(i.row);
      return rx === null && tx === null ? null : (rx ?? 0) + (tx ?? 0);
    },
    cell: (row) => {
      const [rx, tx] = of(row);
      if (rx === null && tx === null) return none;
      const any = (rx ?? 0) + (tx ?? 0) > 0;
      return <span class={any ? "lossy" : "quiet"}>{any ? `${rate(rx)} / ${rate(tx)}` : "0"}</span>;
    },
  };
}

export interface InterfacesProps {
  app: App;
  route: RouterRoute;
  interfaces: readonly Interface[];
  /** What is shown is not of now. */
  old: boolean;
}

export function Interfaces({ app, route, interfaces, old }: InterfacesProps) {
  const column = columns.find((c) => c.id === route.sort.column) ?? columns[1];
  const lines = sorted(
    interfaces,
    (i) => column?.key(i) ?? null,
    (i) => i.name,
    route.sort.descending,
  );
  const up = interfaces.filter((i) => portState(i.row).word === "up").length;
  return (
    <section class="interfaces">
      <h2>
        Interfaces <small>{`${interfaces.length}, ${up} up`}</small>
      </h2>
      <div class={`table ports ${old ? "is-old" : ""}`} role="table" aria-label="Interfaces">
        <div role="rowgroup" class="table-head">
          <div role="row" class="row">
            {columns.map((c) => (
              <Head
                key={c.id}
                column={{ ...c, key: () => null, cell: () => null }}
                sort={route.sort}
                onSort={(sort) => app.go({ ...route, sort })}
              />
            ))}
          </div>
        </div>
        <div role="rowgroup" class="table-body">
          {lines.map((i) => (
            <PortRow key={i.name} app={app} route={route} port={i} />
          ))}
        </div>
      </div>
    </section>
  );
}

function PortRow({ app, route, port }: { app: App; route: RouterRoute; port: Interface }) {
  const chosen = route.iface === port.name;
  const choose = () => app.go({ ...route, iface: chosen ? "" : port.name });
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the button in it is for the keyboard
    <div role="row" tabIndex={-1} class={`row ${chosen ? "is-chosen" : ""}`} onClick={choose}>
      {columns.map((c) => (
        <div key={c.id} role="cell" class={`cell c-${c.id} ${c.number ? "is-number" : ""}`} data-title={c.title}>
          {c.id === "name" ? <PortName port={port} chosen={chosen} /> : c.cell(port.row)}
        </div>
      ))}
    </div>
  );
}

function PortName({ port: { name, row }, chosen }: { port: Interface; chosen: boolean }) {
  const type = str(row, "type");
  const comment = str(row, "comment");
  return (
    <>
      <button type="button" class="port" aria-pressed={chosen} title={`Show ${name} in the chart`}>
        {name}
      </button>
      <span class="aside">{[type, comment].filter(Boolean).join(" · ")}</span>
    </>
  );
}

interface PortStateWords {
  word: string;
  shape: "up" | "down" | "off";
  order: number;
}

/** portState joins what the operator wants with what is. Codes of IF-MIB are understood too. */
function portState(row: Row): PortStateWords {
  const admin = statusOf(row, "admin_status");
  const oper = statusOf(row, "oper_status");
  if (admin === "down") return { word: "disabled", shape: "off", order: 2 };
  if (oper === "up") return { word: "up", shape: "up", order: 1 };
  if (oper === "") return { word: none, shape: "off", order: 3 };
  return { word: oper.replace("lower-layer-down", "lower down"), shape: "down", order: 0 };
}

const codes = ["", "up", "down", "testing", "unknown", "dormant", "not-present", "lower-layer-down"];

function statusOf(row: Row, field: string): string {
  const code = num(row, field);
  return code === null ? str(row, field) : (codes[code] ?? "");
}

function PortState({ row }: { row: Row }) {
  const s = portState(row);
  return (
    <span class={`state is-port-${s.shape}`}>
      <svg class="shape" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
        {s.shape === "up" && <path d="M6 1.5l4.5 5h-3v4h-3v-4h-3z" fill="currentColor" />}
        {s.shape === "down" && (
          <path d="M6 10.5l4.5-5h-3v-4h-3v4h-3z" fill="none" stroke="currentColor" stroke-width="1.3" />
        )}
        {s.shape === "off" && <path d="M2 6h8" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" />}
      </svg>
      {s.word}
    </span>
  );
}

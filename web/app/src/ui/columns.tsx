// The columns of the list: what each one shows and what it sorts by.

import type { ComponentChildren } from "preact";
import { bits, celsius, count, none, percent, span } from "../format";
import { answers, hotspotOf, num, pppOf, type RouterState, routerStates, sessions, stateOf, str } from "../model";
import type { Row } from "../reducer";
import { routerHash, type SortKey } from "../route";
import { Meter, Spark, State } from "./parts";

/** Line is one router as the table needs it. */
export interface Line {
  name: string;
  row: Row;
  traffic: readonly number[];
}

export interface Column {
  id: string;
  title: string;
  /** Explains the title. */
  hint?: string;
  number?: boolean;
  key(name: string, row: Row): SortKey;
  cell(line: Line): ComponentChildren;
}

export const columns: readonly Column[] = [
  {
    id: "state",
    title: "State",
    key: (_, row) => routerStates.indexOf(stateOf(row)),
    cell: ({ row }) => <State state={stateOf(row)} reason={str(row, "reason")} />,
  },
  { id: "name", title: "Router", key: (name) => name, cell: (line) => <Name line={line} /> },
  {
    id: "model",
    title: "Model",
    key: (_, row) => str(row, "model") || null,
    cell: ({ row }) => str(row, "model") || none,
  },
  {
    id: "version",
    title: "Version",
    key: (_, row) => str(row, "version") || null,
    cell: ({ row }) => str(row, "version") || none,
  },
  share("cpu", "CPU", "cpu_percent"),
  share("memory", "Memory", "memory_percent"),
  {
    id: "temperature",
    title: "Temp",
    hint: "Temperature",
    number: true,
    key: (_, row) => num(row, "temperature_celsius"),
    cell: ({ row }) => celsius(num(row, "temperature_celsius")),
  },
  {
    id: "uptime",
    title: "Uptime",
    number: true,
    key: (_, row) => num(row, "uptime_seconds"),
    cell: ({ row }) => span(num(row, "uptime_seconds")),
  },
  traffic("rx", "Received", "rx_bits_per_second"),
  traffic("tx", "Sent", "tx_bits_per_second"),
  {
    id: "traffic",
    title: "Trend",
    hint: "Received and sent together, since the page was opened; sorts by the sum. Each line has its own scale.",
    key: (_, row) => total(row),
    cell: ({ traffic: values }) => <Spark values={values} />,
  },
  {
    id: "sessions",
    title: "Sessions",
    hint: "PPP and hotspot users that are logged in",
    number: true,
    key: (_, row) => sessions(row),
    cell: ({ row }) => <Sessions row={row} />,
  },
];

function share(id: string, title: string, field: string): Column {
  return {
    id,
    title,
    number: true,
    key: (_, row) => num(row, field),
    cell: ({ row }) => (
      <>
        {percent(num(row, field))}
        <Meter value={num(row, field)} />
      </>
    ),
  };
}

function traffic(id: string, title: string, field: string): Column {
  return { id, title, number: true, key: (_, row) => num(row, field), cell: ({ row }) => bits(num(row, field)) };
}

function total(row: Row): number | null {
  const rx = num(row, "rx_bits_per_second");
  const tx = num(row, "tx_bits_per_second");
  return rx === null && tx === null ? null : (rx ?? 0) + (tx ?? 0);
}

/** Name links to the router; what is wrong with it matters more than what it calls itself. */
function Name({ line: { name, row } }: { line: Line }) {
  const state = stateOf(row);
  const identity = str(row, "identity");
  const reason = str(row, "reason");
  return (
    <>
      <a href={routerHash(name)} data-row>
        {name}
      </a>
      {needsReason(state) && reason ? (
        <span class="reason" title={reason}>
          {reason}
        </span>
      ) : (
        identity && identity !== name && <span class="aside">{identity}</span>
      )}
    </>
  );
}

function needsReason(s: RouterState): boolean {
  return !answers(s) || s === "degraded";
}

function Sessions({ row }: { row: Row }) {
  return <span title={`PPP ${count(pppOf(row))}, hotspot ${count(hotspotOf(row))}`}>{count(sessions(row))}</span>;
}

/** matches tells whether a router is what the text looks for: every word, anywhere in it. */
export function matches(name: string, row: Row, filter: string): boolean {
  if (!filter) return true;
  const hay = [name, ...stateOf(row), ...["identity", "model", "version", "reason"].map((f) => str(row, f))]
    .join(" ")
    .toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => hay.includes(word));
}

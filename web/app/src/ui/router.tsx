// One router: what it is, how it is, its last hour, its interfaces.

import { useEffect, useMemo } from "preact/hooks";
import { whyNot } from "../access";
import type { App } from "../app";
import { bits, bitsShort, celsius, count, none, percent, sentence, span } from "../format";
import { describe } from "../link";
import { answers, hotspotOf, interfacesOf, num, pppOf, routerKey, routers, stateMeaning, stateOf, str } from "../model";
import type { Row } from "../reducer";
import type { RouterRoute } from "../route";
import { allTraffic, cpuOf, portTraffic, type Source, Track } from "../tracks";
import { isOld } from "../trail";
import { Changes } from "./changes";
import { Chart } from "./chart";
import { Interfaces } from "./interfaces";
import { Age, Meter, State } from "./parts";

export function RouterView({ app, route }: { app: App; route: RouterRoute }) {
  const row = routers(app.fleet.value).get(routerKey(route.name));
  useEffect(() => {
    document.title = `${route.name} – RouterPulse`;
  }, [route.name]);
  if (!row) return <Missing app={app} name={route.name} />;
  const lastGood = num(row, "last_good");
  const old =
    !answers(stateOf(row)) || (lastGood !== null && isOld(app.serverNow() - lastGood, app.trails.period(route.name)));
  return (
    <article class={`router ${old ? "is-old" : ""}`}>
      <Title app={app} name={route.name} row={row} />
      <Facts app={app} row={row} />
      <Charts app={app} route={route} key={route.iface} />
      <Ports app={app} route={route} old={old} />
      <Changes app={app} router={route.name} />
    </article>
  );
}

function Missing({ app, name }: { app: App; name: string }) {
  const synced = app.fleet.value.synced;
  return (
    <section class="card blank">
      <h1>{name}</h1>
      <p>{synced ? "There is no router of this name, or your rights do not include it." : describeWait(app)}</p>
      <p>
        <a href="#/">All routers</a>
      </p>
    </section>
  );
}

function describeWait(app: App): string {
  const link = app.link.value;
  return link.kind === "connecting"
    ? `Connecting: waiting for ${link.waitingFor}.`
    : describe(link, app.now.value).sentence;
}

function Title({ app, name, row }: { app: App; name: string; row: Row }) {
  const state = stateOf(row);
  const since = num(row, "since");
  const reason = str(row, "reason");
  const identity = str(row, "identity");
  return (
    <header class="title">
      <nav aria-label="Back">
        <a href="#/">All routers</a>
      </nav>
      <h1>
        {name}
        {identity && identity !== name && <small>{identity}</small>}
      </h1>
      <p class="verdict">
        <State state={state} reason={reason} />
        {since !== null && <span>for {span((app.serverNow() - since) / 1000)}</span>}
        {!answers(state) || state === "degraded" ? (
          <span class="reason">{sentence(reason) || stateMeaning[state]}</span>
        ) : null}
      </p>
    </header>
  );
}

function Facts({ app, row }: { app: App; row: Row }) {
  return (
    <dl class="facts">
      <Fact name="Model" value={str(row, "model") || none} />
      <Fact name="Version" value={str(row, "version") || none} />
      <Fact name="Uptime" value={span(num(row, "uptime_seconds"))} />
      <Fact name="CPU" value={percent(num(row, "cpu_percent"))} share={num(row, "cpu_percent")} />
      <Fact name="Memory" value={percent(num(row, "memory_percent"))} share={num(row, "memory_percent")} />
      <Fact name="Disk" value={percent(num(row, "disk_percent"))} share={num(row, "disk_percent")} />
      <Fact name="Temperature" value={celsius(num(row, "temperature_celsius"))} />
      <Fact name="PPP" value={count(pppOf(row))} />
      <Fact name="Hotspot" value={count(hotspotOf(row))} />
      <div>
        <dt>Last sample</dt>
        <dd>
          {num(row, "last_good") ? (
            <>
              <Age app={app} at={num(row, "last_good")} /> ago
            </>
          ) : (
            "none yet"
          )}
        </dd>
      </div>
    </dl>
  );
}

function Fact({ name, value, share }: { name: string; value: string; share?: number | null }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value}
        {share !== undefined && share !== null && <Meter value={share} />}
      </dd>
    </div>
  );
}

const rxTx = [
  { name: "Received", color: "--rx", fill: true },
  { name: "Sent", color: "--tx" },
] as const;
const cpuLine = [{ name: "CPU", color: "--cpu", fill: true }] as const;

function Charts({ app, route }: { app: App; route: RouterRoute }) {
  return (
    <section class="charts" aria-label="The last hour">
      <Traffic app={app} route={route} key={route.iface} />
      <Cpu app={app} router={route.name} />
    </section>
  );
}

function Traffic({ app, route }: { app: App; route: RouterRoute }) {
  const { name, iface } = route;
  const track = useTrack(app, name, () => (iface ? portTraffic(app, name, iface) : allTraffic(app, name)));
  return (
    <Chart
      app={app}
      track={track}
      title={<TrafficTitle app={app} route={route} />}
      label={`Traffic of ${iface || name}`}
      lines={rxTx}
      top={1000}
      format={bits}
      axis={bitsShort}
    />
  );
}

function Cpu({ app, router }: { app: App; router: string }) {
  const track = useTrack(app, router, () => cpuOf(router));
  return (
    <Chart
      app={app}
      track={track}
      title="CPU"
      label={`CPU load of ${router}`}
      lines={cpuLine}
      top={100}
      fixed
      format={percent}
      axis={(v) => `${v} %`}
    />
  );
}

/** useTrack keeps a track as long as its chart is there, and loads its history after each sync. */
function useTrack(app: App, router: string, source: () => Source): Track {
  // A chart keeps its source.
  const track = useMemo(() => new Track(app, router, source()), []);
  useEffect(() => () => track.close(), [track]);
  const syncs = app.syncs.value;
  useEffect(() => {
    if (syncs > 0) void track.load();
  }, [track, syncs]);
  return track;
}

function TrafficTitle({ app, route }: { app: App; route: RouterRoute }) {
  if (!route.iface) return <>Traffic of all ports</>;
  return (
    <>
      Traffic of {route.iface}{" "}
      <button type="button" class="link" onClick={() => app.go({ ...route, iface: "" })}>
        Show all ports
      </button>
    </>
  );
}

/** Ports is the table of interfaces, or why there is none. */
function Ports({ app, route, old }: { app: App; route: RouterRoute; old: boolean }) {
  const detail = app.detail.value;
  const me = app.me.value;
  if (!detail || !me) return null;
  const interfaces = interfacesOf(detail.state, route.name);
  if (interfaces.length > 0) {
    return <Interfaces app={app} route={route} interfaces={interfaces} old={old || detail.link.kind !== "live"} />;
  }
  return (
    <section class="interfaces">
      <h2>Interfaces</h2>
      <p class="aside">{whyNone(app)}</p>
    </section>
  );
}

function whyNone(app: App): string {
  const detail = app.detail.value;
  const me = app.me.value;
  if (!detail || !me) return "";
  if (!me.channels.some((c) => c.allowed && c.topics.includes("router.interfaces"))) {
    return `Not open to you (${whyNot(me, "router.interfaces")}).`;
  }
  if (detail.state.synced) return "Nothing was read of its interfaces yet.";
  const words = describe(detail.link, app.now.value);
  return words.sentence || "Waiting for the interfaces.";
}

// The world outside, for tests: an EventSource and a clock that do what they are told.

import { vi } from "vitest";
import type { Page } from "../src/app";
import type { Source } from "../src/stream";

export class FakeSource implements Source {
  readyState = 0;
  onerror: ((e: Event) => unknown) | null = null;
  closed = false;
  private id = "";
  private readonly listeners = new Map<string, (e: MessageEvent<string>) => void>();

  constructor(readonly url: URL) {}

  addEventListener(type: string, listener: (e: MessageEvent<string>) => void): void {
    this.listeners.set(type, listener);
  }

  close(): void {
    this.closed = true;
    this.readyState = 2;
  }

  /** send delivers one frame; like a browser it repeats the last id when there is none. */
  send(type: string, data: unknown, id = this.id): void {
    this.id = id;
    if (this.closed) return;
    this.listeners.get(type)?.({ data: JSON.stringify(data), lastEventId: id } as MessageEvent<string>);
  }

  /** lose ends the connection; refused: by an answer other than 200. */
  lose(refused = false): void {
    this.readyState = refused ? 2 : 0;
    this.onerror?.(new Event("error"));
  }

  /** start sends a whole fresh step, with some rows of router.live. */
  start(rows: Record<string, object> = {}, id = "e.10.v"): void {
    this.send("hello", { heartbeat: 15, resume: "snapshot", channels: { pub: { "router.live": "state" } } });
    const list = Object.entries(rows).map(([k, v]) => [k, 1, 1, v]);
    this.send("snapshot", { channel: "pub", topic: "router.live", part: 1, rows: list });
    this.send("sync", {}, id);
  }

  delta(base: number, seq: number, changes: object[], id = `e.${seq}.v`): void {
    const all = changes.map((c) => ({ channel: "pub", topic: "router.live", seq, n: 1, ...c }));
    this.send("delta", { time: Date.now(), base, seq, changes: all }, id);
  }
}

export type Answer = { status: number; body?: unknown; headers?: Record<string, string> } | Error;

/** World is a page whose server is a list of answers. Frames are drawn by draw. */
export class World implements Page {
  readonly base = "http://pulse/";
  readonly sources: FakeSource[] = [];
  readonly asked: string[] = [];
  readonly answers = new Map<string, Answer>();
  hash = "";
  isOnline = true;
  private drawing: (() => void)[] = [];

  constructor() {
    vi.useFakeTimers({ now: 1_000_000 });
  }

  open = (url: string): FakeSource => {
    const s = new FakeSource(new URL(url));
    this.sources.push(s);
    return s;
  };

  request = async (url: string): Promise<Response> => {
    this.asked.push(url);
    const a = this.answers.get(new URL(url).pathname) ?? { status: 404 };
    if (a instanceof Error) throw a;
    const empty = a.status === 204;
    return new Response(empty ? null : JSON.stringify(a.body ?? {}), { status: a.status, headers: a.headers ?? {} });
  };

  fetch = (url: string) => this.request(url);
  now = () => Date.now();
  random = () => 1;
  online = () => this.isOnline;
  go = (hash: string) => {
    this.hash = hash;
  };
  nextFrame = (f: () => void) => {
    this.drawing.push(f);
  };

  /** draw lets one picture pass. */
  draw(): void {
    const now = this.drawing;
    this.drawing = [];
    for (const f of now) f();
  }

  get last(): FakeSource {
    const s = this.sources.at(-1);
    if (!s) throw new Error("nothing was opened");
    return s;
  }
}

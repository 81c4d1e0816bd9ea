// A connector for Laravel Echo: pages keep their code, and get whole rows under the names that the channel gives.

import { connect } from "./index.js";

/** RouterPulse is what a page gives to Echo as its broadcaster: new Echo({ broadcaster: RouterPulse }). */
export class RouterPulse {
  /** By their whole name; Echo reads it. */
  channels = {};
  #status = "disconnected";
  #watchers = new Set();

  constructor(options) {
    this.options = { namespace: "App.Events", ...options };
    this.connect();
  }

  connect() {
    const { url, token, share, bearerToken, auth } = this.options;
    const header = bearerToken ?? auth?.headers?.Authorization?.replace(/^Bearer /, "");
    this.client = connect({ url, share, token: token ?? (header && (() => header)) });
  }

  channel(name) {
    const { namespace } = this.options;
    this.channels[name] ??= new Channel(this.client, name, namespace, (status) => this.#changed(status));
    return this.channels[name];
  }

  privateChannel(name) {
    return this.channel(`private-${name}`);
  }

  presenceChannel(name) {
    throw new Error(`presence channel ${name}: RouterPulse does not tell who else listens`);
  }

  get pusher() {
    throw new Error("there is no Pusher below: use echo.connectionStatus() and echo.connector.onConnectionChange(f)");
  }

  get socket() {
    return this.pusher;
  }

  /** The session of the page, or its token, says who it is. */
  signin() {}

  listen(name, event, callback) {
    return this.channel(name).listen(event, callback);
  }

  leave(name) {
    for (const kind of ["", "private-", "private-encrypted-", "presence-"]) this.leaveChannel(kind + name);
  }

  leaveChannel(name) {
    this.channels[name]?.unsubscribe();
    delete this.channels[name];
  }

  /** There is none: what a back end sends "to others" comes to all. */
  socketId() {}

  connectionStatus() {
    return this.#status;
  }

  onConnectionChange(callback) {
    this.#watchers.add(callback);
    return () => this.#watchers.delete(callback);
  }

  disconnect() {
    for (const name of Object.keys(this.channels)) this.leaveChannel(name);
    this.client.close();
    this.#set("disconnected");
  }

  #changed({ state, code }) {
    if (code === "denied") return; // this channel, not the connection
    this.#set({ live: "connected", connecting: "connecting", waiting: "reconnecting", stopped: "failed" }[state]);
  }

  #set(status) {
    if (status === this.#status) return;
    this.#status = status;
    for (const callback of this.#watchers) callback(status);
  }
}

const notification = ".Illuminate\\Notifications\\Events\\BroadcastNotificationCreated";

class Channel {
  /** The rows as they were told, by topic and key. */
  #rows = new Map();
  #listeners = [];
  #all = [];
  #subscribed = [];
  #errors = [];
  #status = {};
  #open;
  #end;

  constructor(client, name, namespace, changed) {
    this.name = name;
    this.namespace = namespace;
    this.#open = () =>
      client.subscribe(name, {
        rows: (rows) => rows.forEach((row) => this.#row(row)),
        events: (events) => events.forEach(({ event, data }) => this.#tell(event, data)),
        status: (status) => {
          this.#heard(status);
          changed(status);
        },
      });
    this.subscribe();
  }

  subscribe() {
    this.#end ??= this.#open();
  }

  unsubscribe() {
    this.#end?.();
    this.#end = undefined;
    this.#status = {};
  }

  /** on takes an event by its whole name. */
  on(event, callback) {
    return this.listen(`.${event}`, callback);
  }

  /** listen begins with the rows that are there. */
  listen(event, callback) {
    const names = this.#names(event);
    this.#listeners.push({ event, names, callback });
    const rows = [...this.#rows.values()];
    queueMicrotask(() => {
      for (const row of rows) if (names.includes(row.event)) callback(JSON.parse(row.text));
    });
    return this;
  }

  stopListening(event, callback) {
    this.#listeners = this.#listeners.filter((l) => l.event !== event || (callback && l.callback !== callback));
    return this;
  }

  /** listenToAll is called with the event as listen takes it. */
  listenToAll(callback) {
    this.#all.push(callback);
    return this;
  }

  stopListeningToAll(callback) {
    this.#all = callback ? this.#all.filter((c) => c !== callback) : [];
    return this;
  }

  subscribed(callback) {
    this.#subscribed.push(callback);
    if (this.#status.state === "live") callback();
    return this;
  }

  /** error is called with the status that says why: { code, why }. */
  error(callback) {
    this.#errors.push(callback);
    if (this.#status.state === "stopped") callback(this.#status);
    return this;
  }

  notification(callback) {
    return this.listen(notification, callback);
  }

  stopListeningForNotification(callback) {
    return this.stopListening(notification, callback);
  }

  listenForWhisper(event, callback) {
    return this.listen(`.client-${event}`, callback);
  }

  stopListeningForWhisper(event, callback) {
    return this.stopListening(`.client-${event}`, callback);
  }

  whisper(event) {
    throw new Error(`whisper ${event}: RouterPulse's stream goes one way; let the back end publish it`);
  }

  /** Without a dot an event is in the namespace of Laravel's events; a channel's own names are in none. */
  #names(event) {
    if (/^[.\\]/.test(event)) return [event.slice(1)];
    return [event, `${this.namespace ? `${this.namespace}.` : ""}${event}`.replaceAll(".", "\\")];
  }

  #tell(event, data) {
    for (const { names, callback } of this.#listeners) if (names.includes(event)) callback(data);
    for (const callback of this.#all) callback(`.${event}`, data);
  }

  #row({ topic, event, key, value }) {
    const id = `${topic} ${key}`;
    const data = { ...this.#named(topic, key), ...(value ?? { removed: true }) };
    const text = JSON.stringify(data);
    // When the page asks for another channel, everything is told again.
    if (text === this.#rows.get(id)?.text) return;
    if (value) this.#rows.set(id, { event, text });
    else this.#rows.delete(id);
    this.#tell(event, data);
  }

  /** What a key is made of: interface/core-1/ether1 is { router, interface }. The last part may hold a slash. */
  #named(topic, key) {
    const names = this.#status.keys?.[this.name]?.[topic] ?? [];
    const parts = key.split("/").slice(1);
    return Object.fromEntries(
      names.map((name, i) => [name, i === names.length - 1 ? parts.slice(i).join("/") : parts[i]]),
    );
  }

  #heard(status) {
    const before = this.#status.state;
    this.#status = status;
    if (status.state === before) return;
    if (status.state === "live") for (const callback of this.#subscribed) callback();
    if (status.state === "stopped") for (const callback of this.#errors) callback(status);
  }
}

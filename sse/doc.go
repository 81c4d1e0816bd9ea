// Package sse is the live stream: the hub, which keeps the state of every router and every event, and
// the HTTP handlers, which keep subscribers in step with it over Server-Sent Events.
//
// State is synchronised, not messages replayed. A subscriber that slept for an hour gets what is
// different now, at the cost of what changed; only discrete events come from a journal. The protocol is
// in docs/stream.md.
//
// What belongs where:
//
//   - sse/state: rows, cuts, tombstones, the journal. No frame, no connection.
//   - sse/access: who asks: tokens, sessions, tickets, other applications. No channel.
//   - sse/pusher: the form in which back ends publish. No channel.
//   - project*.go: batches of the pipeline become rows and events of topics.
//   - channels.go, view.go: what one subscriber may and wants to see. Equal views are one object.
//   - frames.go, encode.go, follow.go, scan.go: views become bytes. What equal views get is encoded once.
//   - feed.go: one subscriber's place, as a machine that is asked for the next bytes: no I/O.
//   - move.go, control.go: what a subscriber sees changes while it listens, and so do its rights.
//   - publish.go, publish_http.go, apps.go: events of applications.
//   - stream.go: the transport: a feed and a connection.
//
// Publish never waits for any of this: it writes to an inbox, whose lock is held for memory only.
package sse

// Package state is the model of the live stream: rows and events, and what of them changed since a
// cursor. It knows no channel, no identity, no frame and no connection.
//
// There is one sequence. Publishers write into an Inbox, which keeps what is pending; Store.Commit
// makes a cut: everything pending gets its sequence number at once. So whoever has seen cut N has seen
// every change up to N, and nothing at or below N can still be on its way.
//
// Two domains, two locks, so that publishing never waits for reading:
//
//   - the Inbox belongs to the publishers. It has no lock of its own: its owner serialises.
//   - the Store belongs to one committer, and to any number of readers through Store.Read.
package state

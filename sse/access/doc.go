// Package access tells who asks, from static tokens, signed tokens (JWT) and from the session cookie of the page, and
// explains to people why somebody may not have something.
//
// An Identity comes from, in this order: the Authorization header (a static token), then the session
// cookie. A header that is not valid is an error, never a reason to look further.
package access

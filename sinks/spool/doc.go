// Package spool is the durable queue in front of a remote sink: what was appended outlives the process,
// and is handed out until it is acknowledged. While the folder has room under the cap nothing is lost;
// what must be shed is shed oldest first, and counted to the sample.
//
//	<folder>/LOCK                       one process at a time
//	         00000000000000000001.seg   records, by the sequence number of the first
//	         cursor                     what is acknowledged, in two slots
//	         dead/                      lines that the database will never take, with the reason
//
// A record is appended with one write and is in the kernel when Append returns; it is on the disk within
// 200 ms. Two readers hand out records: Newest what came last, from memory, and Backlog the rest, from
// the disk. So what is new is never behind what has piled up.
package spool

package door

// Bounds of the connections that are not streams.
const (
	minOpen = 32
	maxOpen = 4096
)

// Share divides the files that a process may have open: reserve of them are for everything else, an eighth of
// the others for requests, the rest for streams. Where there are too few, a quarter is for both all the same.
func Share(files, reserve int) (open, streams int) {
	if files <= 0 {
		return maxOpen, 1 << 30
	}
	ours := max(files-reserve, files/4)
	open = min(max(ours/8, minOpen), maxOpen)
	return open, max(ours-open, 1)
}

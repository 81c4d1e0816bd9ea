//go:build !linux

package pipeline

// kernelSynced cannot be known here.
func kernelSynced() bool { return false }

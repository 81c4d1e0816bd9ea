package routeros

import "testing"

func TestOrdinal(t *testing.T) {
	for id, want := range map[string]string{"*1": "1", "*1F": "31", "*A": "10", "*FFFFFFFF": "4294967295", "": "", "*": "*", "*xyz": "*xyz", "ether1": "ether1",
		"*10000000000000000": "*10000000000000000"} {
		if got := ordinal(id); got != want {
			t.Errorf("%q is %q, want %q", id, got, want)
		}
		back := id
		if want == id {
			back = "" // it was no .id
		}
		if got := dotID(want); got != back {
			t.Errorf("%q was %q, want %q", want, got, back)
		}
	}
}

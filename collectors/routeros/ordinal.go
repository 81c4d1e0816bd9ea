package routeros

import (
	"strconv"
	"strings"
)

// ordinal writes an .id ("*1F", hexadecimal) as a decimal number, which is how SNMP numbers the same
// rows where RouterOS numbers both alike: so two rows of one name are told apart by the same number,
// whichever protocol they come over.
func ordinal(id string) string {
	hex, ok := strings.CutPrefix(id, "*")
	if !ok {
		return id
	}
	n, err := strconv.ParseUint(hex, 16, 64)
	if err != nil {
		return id
	}
	return strconv.FormatUint(n, 10)
}

// dotID undoes ordinal; "" if it was no .id.
func dotID(ordinal string) string {
	n, err := strconv.ParseUint(ordinal, 10, 64)
	if err != nil {
		return ""
	}
	return "*" + strings.ToUpper(strconv.FormatUint(n, 16))
}

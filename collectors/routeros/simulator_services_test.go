package routeros

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/routerpulse/routerpulse/pipeline"
)

// expectServices is the same for what routers do for others, and for their certificates.
func expectServices(t *testing.T, saw map[string]menu, want tableValues) {
	t.Helper()
	for _, name := range []string{"dhcp_lease_count", "dhcp_lease", "ip_pool", "certificate"} {
		want[name] = map[string]map[string]string{}
	}
	copyOf := func(row map[string]string, fields map[string]string) map[string]string {
		out := map[string]string{}
		for attr, field := range fields {
			value, ok := row[attr]
			switch {
			case !ok || value == "never":
				continue
			case strings.HasSuffix(field, "_seconds"):
				value = seconds(t, strings.TrimPrefix(value, "-"))
				if strings.HasPrefix(row[attr], "-") {
					value = "-" + value
				}
			case field == "mac_address":
				value = strings.ToLower(value)
			}
			out[field] = bytesOf(value)
		}
		return out
	}
	counts := map[string]int{}
	for _, row := range saw["/ip/dhcp-server/lease"] {
		server := "all"
		for _, attr := range []string{"active-server", "server"} {
			if row[attr] != "" {
				server = row[attr]
			}
		}
		counts[server+"/"+row["status"]]++
		lease := copyOf(row, map[string]string{"mac-address": "mac_address", "host-name": "host_name", "class-id": "class_id", "status": "status",
			"dynamic": "dynamic", "disabled": "disabled", "blocked": "blocked", "radius": "radius",
			"expires-after": "expires_seconds", "last-seen": "last_seen_seconds"})
		if comment, ok := row["comment"]; ok {
			lease["comment"] = pipeline.CleanText(bytesOf(comment))
		}
		want["dhcp_lease"][server+"/"+row["address"]] = lease
	}
	for key, n := range counts {
		want["dhcp_lease_count"][key] = map[string]string{"leases": fmt.Sprint(n)}
	}
	for _, row := range saw["/ip/pool"] {
		size := map[string]string{"dhcp-pool": "253", "ppp-pool": "1034"}[row["name"]] // what is in them, reckoned by hand
		pool := copyOf(row, map[string]string{"ranges": "ranges", "used": "used", "available": "available"})
		if pool["addresses"] = size; row["used"] != "" {
			pool["used_percent"] = strconv.FormatFloat(float64(atoi(t, row["used"]))/float64(atoi(t, size))*100, 'f', -1, 64)
		}
		want["ip_pool"][row["name"]] = pool
	}
	for _, row := range saw["/certificate"] {
		c := copyOf(row, map[string]string{"common-name": "common_name", "subject-alt-name": "subject_alt_name", "fingerprint": "fingerprint",
			"expires-after": "expires_seconds"})
		for _, name := range []string{"expired", "revoked", "trusted", "authority"} {
			c[name] = fmt.Sprint(row[name] == "true")
		}
		want["certificate"][row["name"]] = c
	}
}

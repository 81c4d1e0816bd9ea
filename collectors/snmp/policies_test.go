package snmp

import (
	"slices"
	"testing"
)

// A table has no field but those that its policy lists: the docs are made of them.
func TestPoliciesListTheFields(t *testing.T) {
	c := newAgent(t, aRouter(2)...).collector(t)
	fields := map[string][]string{}
	for _, p := range Policies(nil) {
		fields[p.Table] = p.Fields
	}
	for _, r := range mustCollect(t, c) {
		for _, s := range r.Samples {
			for _, f := range s.Fields {
				if !slices.Contains(fields[r.Table.Name], f.Def.Name) {
					t.Errorf("%s has a field %s that its policy does not list: %v", r.Table.Name, f.Def.Name, fields[r.Table.Name])
				}
			}
		}
	}
}

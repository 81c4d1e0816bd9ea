package simulator

import "fmt"

// role is what a router does in the network; it decides name, models, traffic and sessions.
type role int

const (
	roleCore role = iota
	roleEdge
	roleTower
	roleHotspot
	rolePop
	roleOffice
	roleCount
)

// String is the first part of a router's name.
func (r role) String() string {
	return [...]string{"core", "edge", "tower", "hotspot", "pop", "office"}[r]
}

// peak is when a role is busiest, in seconds of the day: homes in the evening, offices before noon.
func (r role) peak() float64 {
	if r == roleOffice {
		return 10.5 * 3600
	}
	return 20 * 3600
}

// sessions is how many users a role serves.
func (r role) sessions() (ppp, hotspot [2]int) {
	switch r {
	case roleTower:
		return [2]int{8, 36}, [2]int{}
	case roleHotspot:
		return [2]int{}, [2]int{10, 45}
	case rolePop:
		return [2]int{4, 12}, [2]int{}
	case roleOffice:
		return [2]int{2, 6}, [2]int{}
	default:
		return [2]int{}, [2]int{}
	}
}

// pattern repeats along the fleet.
func pattern() []role {
	return []role{
		roleCore, roleEdge, roleTower, roleHotspot, roleTower, rolePop, roleOffice, roleTower, roleHotspot, roleTower,
	}
}

// cast gives out roles, names and models, router by router.
type cast struct {
	models map[role][]*model
	seen   [roleCount]int
}

func (c *cast) next(i int) (role, string, *model) {
	roles := pattern()
	r := roles[i%len(roles)]
	models := c.models[r]
	m := models[c.seen[r]%len(models)]
	c.seen[r]++
	return r, fmt.Sprintf("%s-%d", r, c.seen[r]), m
}

func sites() []string {
	return []string{
		"Ngong Hills", "Kibera", "Westlands", "Mount Longonot", "Thika Road", "Naivasha", "Lamu", "Kisumu Port",
		"Dar es Salaam", "Zürich HB", "Łódź", "São Tomé",
	}
}

// comments are what operators write on their interfaces. The last one is latin-1, as an old Winbox
// leaves it.
func comments() []string {
	return []string{
		"", "", "", "", "AP north sector", "AP south sector", "backhaul 60 GHz", "cust: Café Zoë", "cust: Müller GmbH", "клиент 12",
		"東京オフィス", "CCTV + door", "spare", "link to core-1", "UPS, do not unplug", "B\xfcro 2. OG",
	}
}

func givenNames() []string {
	return []string{
		"amina", "baraka", "chiku", "daudi", "esther", "faraji", "grace", "hamisi", "imani", "juma", "kamau", "lulu",
		"makena", "njeri", "otieno", "pendo", "rehema", "salim", "tatu", "uzuri", "wanjiku", "yusuf", "zawadi", "zuhura",
	}
}

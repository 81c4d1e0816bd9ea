package simulator

import (
	"maps"
	"strings"
)

// apiMenu is one path of the API.
type apiMenu struct {
	print   apiTable // nil: it cannot be printed
	monitor apiTable // nil: it cannot be monitored
	// picked: monitor shows the rows that =numbers= names, by name or by .id; without it shows all.
	picked bool
	// on tells which routers have the menu; nil is all of them.
	on func(*Router) bool
}

// apiMenus are the paths that there are.
func apiMenus() map[string]apiMenu {
	menus := map[string]apiMenu{}
	for path, print := range apiTables() {
		menus[path] = apiMenu{print: print}
	}
	menus["/system/routerboard"] = apiMenu{print: printRouterboard, on: func(r *Router) bool { return r.model.architecture != "x86_64" }}
	for _, more := range []map[string]apiMenu{systemMenus(), storageMenus(), accessMenus(), serviceMenus(), firewallMenus(),
		portMenus(), wirelessMenus(), routingMenus(), tunnelMenus()} {
		maps.Copy(menus, more)
	}
	return menus
}

// found is a command of a menu: what makes its rows.
func (f *Fleet) found(r *Router, command string) (table apiTable, monitors, picked bool) {
	end := strings.LastIndexByte(command, '/')
	if end < 0 {
		return nil, false, false
	}
	menu, ok := f.menus[command[:end]]
	if !ok || (menu.on != nil && !menu.on(r)) {
		return nil, false, false
	}
	switch command[end+1:] {
	case "print", "getall":
		return menu.print, false, false
	case "monitor":
		return menu.monitor, true, menu.picked
	case "info": // what /interface/lte has in version 6
		if command == "/interface/lte/info" && !r.model.atLeast(7, 0) {
			return menu.monitor, true, menu.picked
		}
	}
	return nil, false, false
}

// since7 is for menus that came with a version 7.
func since7(minor int) func(*Router) bool {
	return func(r *Router) bool { return r.model.atLeast(7, minor) }
}

// with is for menus that come with a package.
func with(extra string) func(*Router) bool {
	return func(r *Router) bool { return r.model.has(extra) }
}

// has tells whether a package beside the usual ones is installed, or a device plugged in.
func (m *model) has(extra string) bool {
	for _, have := range m.extras() {
		if have == extra {
			return true
		}
	}
	return false
}

func (m *model) extras() []string {
	switch m.board {
	case "CCR2116-12G-4S+":
		return []string{"container", "ups", "dude", "nvme"}
	case "RB5009UPr+S+":
		return []string{"container", "usb", "gps"}
	case "RB5009UG+S+":
		return []string{"container", "usb", "lte"}
	case "CCR1036-8G-2S+":
		return []string{"ups", "usb", "dude"}
	case "RB750Gr3":
		return []string{"ups", "usb", "lte"}
	case "CHR":
		return []string{"dude", "nvme"}
	}
	return nil
}

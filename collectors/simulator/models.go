package simulator

import "strings"

// model is a board with the RouterOS it runs.
type model struct {
	board        string // as sysDescr and /system/resource name it
	product      string // as /system/routerboard names it; "" for a machine that is not one
	version      string
	channel      string // stable or long-term
	build        string // build time, as the version prints it
	architecture string
	cpu          string
	cores        int
	megahertz    int
	memoryKiB    int
	diskKiB      int
	ether        int
	sfp          int // SFP, 1 Gbit/s
	sfpPlus      int // SFP+, 10 Gbit/s
	wlan         int
	feeds        bool // its Ethernet ports give PoE
	sensors      []sensor
	firmware     string
	level        int // of the licence
}

// atLeast compares the model's version, as in m.atLeast(7, 18).
func (m *model) atLeast(major, minor int) bool {
	have := versionNumbers(m.version)
	if have[0] != major {
		return have[0] > major
	}
	return have[1] >= minor
}

func versionNumbers(version string) [2]int {
	var out [2]int
	for i, part := range strings.SplitN(version, ".", 3) {
		if i == len(out) {
			break
		}
		for _, c := range part {
			if c < '0' || c > '9' {
				break // 7.22rc1
			}
			out[i] = out[i]*10 + int(c-'0')
		}
	}
	return out
}

// Units of the gauge table (mtxrGaugeUnit).
const (
	unitCelsius   = 1
	unitRPM       = 2
	unitDeciVolt  = 3
	unitDeciAmp   = 4
	unitDeciWatt  = 5
	unitStateCode = 6
)

// sensor is one row of /system/health, of the gauge table, or one of the older scalars.
type sensor struct {
	name   string
	unit   int     // what the value is counted in
	gauge  uint32  // index in the gauge table; 0: not there
	scalar uint32  // M.3.<scalar>.0; 0: not there
	idle   float64 // value with nothing to do
	busy   float64 // value at full load
}

func temperature(name string, gauge, scalar uint32, idle, busy float64) sensor {
	return sensor{name: name, unit: unitCelsius, gauge: gauge, scalar: scalar, idle: idle, busy: busy}
}

func voltage(name string, gauge, scalar uint32, deci float64) sensor {
	return sensor{name: name, unit: unitDeciVolt, gauge: gauge, scalar: scalar, idle: deci + 1, busy: deci - 1}
}

func fan(name string, gauge, scalar uint32, idle, busy float64) sensor {
	return sensor{name: name, unit: unitRPM, gauge: gauge, scalar: scalar, idle: idle, busy: busy}
}

func supply(name string, gauge, scalar uint32) sensor {
	return sensor{name: name, unit: unitStateCode, gauge: gauge, scalar: scalar}
}

// catalogue lists the models by the role that uses them.
func catalogue() map[role][]*model {
	return map[role][]*model{
		roleCore:    {ccr2116(), ccr2004()},
		roleEdge:    {rb4011(), ccr1036()},
		roleTower:   {rb5009PoE(), hexS(), rb2011(), rb5009(), hexGr3()},
		roleHotspot: {hapAC2(), hapAX3(), rb951()},
		rolePop:     {crs317(), crs309()},
		roleOffice:  {hexGr3(), chr()},
	}
}

func ccr2116() *model {
	return &model{
		board: "CCR2116-12G-4S+", product: "CCR2116-12G-4S+", version: "7.20.4", channel: "stable", build: "2025-11-05 12:11:46",
		architecture: "arm64", cpu: "ARM64", cores: 16, megahertz: 2000, memoryKiB: 16 << 20, diskKiB: 131072, ether: 13, sfpPlus: 4,
		firmware: "7.20.4", level: 6,
		sensors: []sensor{
			temperature("cpu-temperature", 17, 0, 38, 66), temperature("switch-temperature", 52, 0, 36, 55), temperature("board-temperature1", 7101, 0, 30, 44),
			fan("fan1-speed", 7001, 0, 3600, 5400), fan("fan2-speed", 7002, 0, 3540, 5310), fan("fan3-speed", 7003, 0, 3630, 5460), fan("fan4-speed", 7004, 0, 3570, 5370),
			supply("psu1-state", 7401, 0), supply("psu2-state", 7402, 0),
		},
	}
}

func ccr2004() *model {
	return &model{
		board: "CCR2004-16G-2S+", product: "CCR2004-16G-2S+", version: "7.18.2", channel: "stable", build: "2025-03-11 11:59:04",
		architecture: "arm64", cpu: "ARM64", cores: 4, megahertz: 1700, memoryKiB: 4 << 20, diskKiB: 131072, ether: 16, sfpPlus: 2,
		firmware: "7.18.2", level: 6,
		sensors: []sensor{
			temperature("cpu-temperature", 17, 0, 40, 68), temperature("sfp-temperature", 50, 0, 33, 46), temperature("board-temperature1", 7101, 0, 30, 42),
			fan("fan1-speed", 7001, 0, 0, 4100), supply("psu1-state", 7401, 0), supply("psu2-state", 7402, 0),
		},
	}
}

func rb4011() *model {
	return &model{
		board: "RB4011iGS+", product: "RB4011iGS+", version: "7.16.2", channel: "stable", build: "2024-11-26 12:09:40",
		architecture: "arm", cpu: "ARM", cores: 4, megahertz: 1400, memoryKiB: 1 << 20, diskKiB: 524288, ether: 10, sfpPlus: 1,
		firmware: "7.16.2", level: 5,
		// This one tells its voltage twice, in the old scalar and in the gauge table.
		sensors: []sensor{voltage("voltage", 13, 8, 241), temperature("temperature", 14, 10, 31, 45)},
	}
}

func ccr1036() *model {
	return &model{
		board: "CCR1036-8G-2S+", product: "CCR1036-8G-2S+", version: "6.49.17", channel: "long-term", build: "Aug/06/2024 11:08:18",
		architecture: "tile", cpu: "tilegx", cores: 36, megahertz: 1200, memoryKiB: 4 << 20, diskKiB: 1048576, ether: 8, sfpPlus: 2,
		firmware: "6.49.17", level: 6,
		sensors: []sensor{
			voltage("voltage", 0, 8, 240), {name: "current", unit: unitDeciAmp, scalar: 13, idle: 16, busy: 23},
			temperature("temperature", 0, 10, 32, 46), temperature("cpu-temperature", 0, 11, 41, 63),
			{name: "power-consumption", unit: unitDeciWatt, scalar: 12, idle: 384, busy: 552},
			fan("fan1-speed", 0, 17, 4100, 6200), fan("fan2-speed", 0, 18, 4145, 6260), supply("psu1-state", 0, 15), supply("psu2-state", 0, 16),
		},
	}
}

func rb5009PoE() *model {
	return &model{
		board: "RB5009UPr+S+", product: "RB5009UPr+S+", version: "7.20.6", channel: "stable", build: "2025-12-01 08:24:07",
		architecture: "arm64", cpu: "ARM64", cores: 4, megahertz: 1400, memoryKiB: 1 << 20, diskKiB: 1 << 20, ether: 8, sfpPlus: 1,
		feeds: true, firmware: "7.20.6", level: 5,
		sensors: []sensor{
			temperature("cpu-temperature", 17, 0, 42, 61), voltage("2pin-voltage", 7201, 0, 0), voltage("jack-voltage", 7202, 0, 493), voltage("poe-in-voltage", 7203, 0, 0),
			{name: "poe-out-consumption", unit: unitDeciWatt, gauge: 7301, idle: 168, busy: 214},
		},
	}
}

func rb5009() *model {
	return &model{
		board: "RB5009UG+S+", product: "RB5009UG+S+", version: "7.18.2", channel: "stable", build: "2025-03-11 11:59:04",
		architecture: "arm64", cpu: "ARM64", cores: 4, megahertz: 1400, memoryKiB: 1 << 20, diskKiB: 1 << 20, ether: 8, sfpPlus: 1,
		firmware: "7.18.2", level: 5,
		sensors: []sensor{temperature("cpu-temperature", 17, 0, 43, 60), voltage("voltage", 13, 0, 243), temperature("sfp-temperature", 50, 0, 34, 44)},
	}
}

func hexS() *model {
	return &model{
		board: "RB760iGS", product: "RB760iGS", version: "7.12.1", channel: "stable", build: "2023-11-17 11:38:45",
		architecture: "mmips", cpu: "MIPS 1004Kc V2.15", cores: 4, megahertz: 880, memoryKiB: 256 << 10, diskKiB: 16384, ether: 5, sfp: 1,
		firmware: "7.12.1", level: 4,
		sensors: []sensor{voltage("voltage", 0, 8, 109), temperature("temperature", 0, 10, 33, 46)},
	}
}

func hexGr3() *model {
	return &model{
		board: "RB750Gr3", product: "RouterBOARD 750G r3", version: "6.49.17", channel: "long-term", build: "Aug/06/2024 11:08:18",
		architecture: "mmips", cpu: "MIPS 1004Kc V2.15", cores: 4, megahertz: 880, memoryKiB: 256 << 10, diskKiB: 16384, ether: 5,
		firmware: "6.49.17", level: 4,
		sensors: []sensor{voltage("voltage", 0, 8, 238), temperature("temperature", 0, 10, 34, 49)},
	}
}

// rb2011 runs a RouterOS from before 6.43, whose API logs in with an MD5 challenge.
func rb2011() *model {
	return &model{
		board: "RB2011UiAS", product: "2011UiAS", version: "6.42.12", channel: "long-term", build: "Feb/12/2019 08:23:13",
		architecture: "mipsbe", cpu: "MIPS 74Kc V4.12", cores: 1, megahertz: 600, memoryKiB: 128 << 10, diskKiB: 131072, ether: 10, sfp: 1,
		firmware: "6.42.12", level: 5,
		sensors: []sensor{voltage("voltage", 0, 8, 236), temperature("temperature", 0, 10, 31, 44)},
	}
}

// hapAC2 has no sensors at all.
func hapAC2() *model {
	return &model{
		board: "hAP ac^2", product: "RBD52G-5HacD2HnD", version: "6.49.10", channel: "long-term", build: "Aug/29/2023 10:52:10",
		architecture: "arm", cpu: "ARMv7", cores: 4, megahertz: 716, memoryKiB: 128 << 10, diskKiB: 16384, ether: 5, wlan: 2,
		firmware: "6.49.10", level: 4,
	}
}

func hapAX3() *model {
	return &model{
		board: "hAP ax^3", product: "C53UiG+5HPaxD2HPaxD", version: "7.20.6", channel: "stable", build: "2025-12-01 08:24:07",
		architecture: "arm64", cpu: "ARM64", cores: 4, megahertz: 1800, memoryKiB: 1 << 20, diskKiB: 131072, ether: 5, wlan: 2,
		firmware: "7.20.6", level: 6,
		sensors: []sensor{temperature("cpu-temperature", 17, 0, 44, 63)},
	}
}

func rb951() *model {
	return &model{
		board: "RB951Ui-2HnD", product: "951Ui-2HnD", version: "6.49.18", channel: "long-term", build: "Feb/27/2025 15:48:01",
		architecture: "mipsbe", cpu: "MIPS 74Kc V4.12", cores: 1, megahertz: 600, memoryKiB: 128 << 10, diskKiB: 131072, ether: 5, wlan: 1,
		firmware: "6.49.18", level: 4,
		sensors: []sensor{voltage("voltage", 0, 8, 119)},
	}
}

func crs317() *model {
	return &model{
		board: "CRS317-1G-16S+", product: "CRS317-1G-16S+", version: "6.49.13", channel: "long-term", build: "Feb/20/2024 08:47:20",
		architecture: "arm", cpu: "ARMv7", cores: 2, megahertz: 800, memoryKiB: 1 << 20, diskKiB: 16384, ether: 1, sfpPlus: 16,
		firmware: "6.49.13", level: 6,
		sensors: []sensor{
			temperature("cpu-temperature", 0, 11, 40, 57), supply("psu1-state", 0, 15), supply("psu2-state", 0, 16),
			fan("fan1-speed", 0, 17, 4100, 5200), fan("fan2-speed", 0, 18, 4145, 5260),
		},
	}
}

func crs309() *model {
	return &model{
		board: "CRS309-1G-8S+", product: "CRS309-1G-8S+", version: "7.19.4", channel: "stable", build: "2025-07-22 12:15:48",
		architecture: "arm", cpu: "ARM", cores: 2, megahertz: 800, memoryKiB: 512 << 10, diskKiB: 16384, ether: 1, sfpPlus: 8,
		firmware: "7.19.4", level: 5,
		sensors: []sensor{temperature("cpu-temperature", 17, 0, 43, 58), temperature("sfp-temperature", 50, 0, 38, 51)},
	}
}

// chr is a virtual machine: no board, no sensors.
func chr() *model {
	return &model{
		board: "CHR", version: "7.19.4", channel: "stable", build: "2025-07-22 12:15:48",
		architecture: "x86_64", cpu: "Intel(R)", cores: 2, megahertz: 2400, memoryKiB: 1 << 20, diskKiB: 93172, ether: 4, level: 5,
	}
}

package simulator

// storageMenus are disks and what lies on them, and certificates.
func storageMenus() map[string]apiMenu {
	return map[string]apiMenu{
		"/partitions":  {print: printPartitions, on: func(r *Router) bool { return r.model.product != "" }},
		"/disk":        {print: printDisks},
		"/container":   {print: printContainers, on: with("container")},
		"/certificate": {print: printCertificates},
	}
}

func printPartitions(v *view, row *apiRow, emit func()) {
	m := v.router.model
	count := 1
	if m.diskKiB > 500_000 {
		count = 2
	}
	for i := range count {
		row.id(uint32(i) + 1)
		row.string("name", "part"+itoa(i))
		row.string("fallback-to", "next")
		row.string("version", "RouterOS v"+m.version+" "+m.build)
		row.number("size", int64(m.diskKiB/count)*1024)
		row.flag("active", i == 0)
		row.flag("running", i == 0)
		emit()
	}
}

// printDisks: a memory stick, or an NVMe disk. Version 6 knows little of them.
func printDisks(v *view, row *apiRow, emit func()) {
	switch m := v.router.model; {
	case m.has("nvme"):
		v.nvme(row)
		emit()
	case m.has("usb") && m.atLeast(7, 7):
		v.stick(row)
		emit()
	case m.has("usb"):
		row.id(1)
		row.string("name", "disk1")
		row.string("label", "BACKUP")
		row.string("type", "fat32")
		row.string("disk", "Flash Disk")
		row.number("free", 7_180_000_000)
		row.number("size", 8_004_304_896)
		emit()
	}
}

func (v *view) nvme(row *apiRow) {
	row.id(1)
	row.string("slot", "nvme1")
	row.string("type", "hardware")
	row.string("model", "Samsung SSD 980 500GB")
	row.string("serial", v.router.serial())
	row.string("fw-version", "3B4QFXO7")
	row.string("fs", "ext4")
	row.string("fs-label", "data")
	row.string("state", "mounted")
	row.string("interface", "NVMe x4")
	row.string("mount-point", "nvme1")
	row.number("size", 500_107_862_016)
	row.number("free", 321_408_557_056-v.uptime()*3)
	row.number("use", 35)
	row.number("temperature", int64(36+9*v.wave(hash(v.router.seed, 730), 60_000)))
	row.number("percentage-used", 4)
	row.number("available-spare", 100)
	row.number("power-cycles", 31)
	row.string("power-on-time", "1y2w")
	row.number("unsafe-shutdowns", 7)
	row.string("nvme-tcp-server-secret", canary)
	row.string("nvme-tcp-secret", canary)
	v.diskWork(row)
	row.flag("disabled", false)
	row.flag("empty", false)
	row.flag("mounted", true)
}

func (v *view) stick(row *apiRow) {
	row.id(1)
	row.string("slot", "usb1")
	row.string("type", "hardware")
	row.string("model", "Flash Disk")
	row.string("serial", "")
	row.string("fs", "ext4")
	row.string("interface", "USB 3.20 5000Mbps")
	row.number("size", 31_004_304_384)
	row.number("free", 24_808_984_576)
	v.diskWork(row)
	row.flag("disabled", false)
	row.flag("empty", false)
	row.flag("mounted", true)
}

func (v *view) diskWork(row *apiRow) {
	row.count("read-ops", v.grown(731, 0.4))
	row.count("read-bytes", v.grown(732, 9_000))
	row.count("write-ops", v.grown(733, 1.2))
	row.count("write-bytes", v.grown(734, 30_000))
	row.number("io-errors", 0)
	row.duration("active-time", v.uptime()/40)
}

// printContainers: up to 7.19 a container had a status, since then a flag for each.
func printContainers(v *view, row *apiRow, emit func()) {
	for i, name := range []string{"pihole", "probe"} {
		running := i == 0
		row.id(uint32(i) + 1)
		row.string("name", name)
		row.string("tag", "registry.example.net/"+name+":latest")
		row.string("os", "linux")
		row.string("arch", v.router.model.architecture)
		row.string("interface", "veth"+itoa(i+1))
		row.string("root-dir", "nvme1/"+name)
		row.string("env-current", canary)
		row.string("config-json", canary)
		row.number("restart-count", int64(3*i))
		if running {
			row.number("memory-current", 48_758_784+int64(8_000_000*v.wave(hash(v.router.seed, 740), 60_000)))
			row.float("cpu-usage", 3*v.activity(), 1, "%")
			row.flag("healthy", true)
		}
		row.number("container-size", int64(91_226_112*(i+1)))
		if v.router.model.atLeast(7, 20) {
			row.flag(map[bool]string{true: "running", false: "stopped"}[running], true)
		} else {
			row.string("status", map[bool]string{true: "running", false: "stopped"}[running])
		}
		emit()
	}
}

// printCertificates: the API's own, a CA, and one whose time is over. Flags that are not set are left
// out.
func printCertificates(v *view, row *apiRow, emit func()) {
	const day = 86400_000
	for i, name := range []string{"api", "local-ca", "old"} {
		from := v.router.firstUp - 40*day
		until := from + 3650*day
		if name == "old" {
			from, until = from-800*day, from-435*day
		}
		row.id(uint32(i) + 1)
		row.string("name", name)
		row.string("digest-algorithm", "sha256")
		row.string("key-type", "rsa")
		row.string("common-name", name+"."+v.router.name+".example.net")
		row.string("key-size", "2048")
		row.string("subject-alt-name", "IP:"+v.router.address.String())
		row.string("days-valid", "3650")
		row.string("fingerprint", fingerprintOf(hash(v.router.seed, 750+uint64(i))))
		row.timestamp("invalid-before", v, from)
		row.timestamp("invalid-after", v, until)
		row.begin("expires-after")
		if left := (until - v.now) / 1000; left >= 0 {
			row.text = appendDuration(row.text, left)
		} else {
			row.text = appendDuration(append(row.text, '-'), -left)
		}
		row.end()
		row.string("challenge-password", canary)
		if name == "old" {
			row.flag("expired", true)
		} else {
			row.flag("private-key", true)
			row.flag("trusted", true)
		}
		if name == "local-ca" {
			row.flag("authority", true)
		}
		emit()
	}
}

func fingerprintOf(seed uint64) string {
	const digits = "0123456789abcdef"
	out := make([]byte, 64)
	for i := range out {
		out[i] = digits[hash(seed, uint64(i))&15]
	}
	return string(out)
}

package routeros

import "github.com/routerpulse/routerpulse/pipeline"

// simpleQueueTable: pairs are up/down, as the target sees it.
func simpleQueueTable() table {
	return table{
		name: "queue_simple", lane: pipeline.LaneSessions,
		sources: []source{{requests: []request{{path: "/queue/simple", args: []string{"stats"}}}}},
		key:     by("name"),
		columns: []column{
			seldom(text("target", "target")),
			seldom(text("parent_queue", "parent")),
			seldom(text("comment", "comment")),
			flag("disabled", "disabled"),
			seldom(flag("dynamic", "dynamic")),
			seldom(limitOf("upload_limit_bits_per_second", "max-limit", 0)), seldom(limitOf("download_limit_bits_per_second", "max-limit", 1)),
			seldom(limitOf("upload_guaranteed_bits_per_second", "limit-at", 0)), seldom(limitOf("download_guaranteed_bits_per_second", "limit-at", 1)),
			countOf("upload_bytes", "bytes", slash, 0), countOf("download_bytes", "bytes", slash, 1),
			countOf("upload_packets", "packets", slash, 0), countOf("download_packets", "packets", slash, 1),
			countOf("upload_drops", "dropped", slash, 0), countOf("download_drops", "dropped", slash, 1),
			numberOf("upload_queued_packets", "queued-packets", slash, 0), numberOf("download_queued_packets", "queued-packets", slash, 1),
			numberOf("upload_queued_bytes", "queued-bytes", slash, 0), numberOf("download_queued_bytes", "queued-bytes", slash, 1),
			numberOf("upload_pcq_queues", "pcq-queues", slash, 0), numberOf("download_pcq_queues", "pcq-queues", slash, 1),
		},
	}
}

func treeQueueTable() table {
	return table{
		name: "queue_tree", lane: pipeline.LaneSessions,
		sources: []source{{requests: []request{{path: "/queue/tree", args: []string{"stats"}}}}},
		key:     by("name"),
		columns: []column{
			seldom(text("parent_queue", "parent")),
			seldom(text("packet_mark", "packet-mark")),
			seldom(text("comment", "comment")),
			flag("disabled", "disabled"),
			seldom(limitOf("limit_bits_per_second", "max-limit", 0)),
			seldom(limitOf("guaranteed_bits_per_second", "limit-at", 0)),
			count("tx_bytes", "bytes"),
			count("tx_packets", "packets"),
			count("drops", "dropped"),
			number("queued_packets", "queued-packets"),
			number("queued_bytes", "queued-bytes"),
			number("pcq_queues", "pcq-queues"),
		},
	}
}

// limitOf is a speed that is one part of a pair; 0 is no limit, which is no field.
func limitOf(field, attr string, part int) column {
	return single(field, pipeline.Gauge, attr, func(_ *pipeline.FieldDef, b []byte) pipeline.Value {
		if f, ok := parseRate(partOf(b, slash, part)); ok && f > 0 {
			return pipeline.GaugeValue(f)
		}
		return pipeline.Value{}
	})
}

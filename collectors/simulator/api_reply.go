package simulator

// apiReply gathers the sentences that answer a command.
type apiReply struct{ out []byte }

// emit writes the row as a !re sentence.
func (r *apiReply) emit(c *command, row *apiRow) {
	r.out = appendWord(r.out, "!re")
	r.tag(c.tag)
	for _, f := range row.fields {
		if f.hidden || !c.asks(f.name) {
			continue
		}
		r.out = appendWordLength(r.out, uint32(2+len(f.name)+f.end-f.start))
		r.out = append(append(append(r.out, '='), f.name...), '=')
		r.out = append(r.out, row.value(f)...)
	}
	r.out = append(r.out, 0)
}

// say writes a sentence.
func (r *apiReply) say(tag []byte, word string, attributes ...string) {
	r.out = appendWord(r.out, word)
	r.tag(tag)
	for _, a := range attributes {
		r.out = appendWord(r.out, a)
	}
	r.out = append(r.out, 0)
}

func (r *apiReply) tag(tag []byte) {
	if tag != nil {
		r.out = appendWord(r.out, ".tag=", string(tag))
	}
}

// trap reports a failed command, which is done then.
func (r *apiReply) trap(tag []byte, message string) {
	r.say(tag, "!trap", "=message="+message)
	r.say(tag, "!done")
}

// fatal is the last sentence of a conversation. Its reason is a bare word.
func (r *apiReply) fatal(reason string) { r.say(nil, "!fatal", reason) }

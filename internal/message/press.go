package message

import "strings"

// maxUncounted is how much of a reason a person is shown, in bytes.
const maxUncounted = 1000

// Uncounted tells a person why a press does not count; beside is what else is said, line by line.
func Uncounted(why string, beside ...string) Message {
	return Message{Title: "This press does not count", Sections: []Section{{Lines: append([]string{Shortened(why)}, beside...)}}}
}

// Shortened is a reason of which a person is shown as much as is worth reading.
func Shortened(why string) string {
	if len(why) <= maxUncounted {
		return why
	}
	return strings.ToValidUTF8(why[:maxUncounted], "") + "…"
}

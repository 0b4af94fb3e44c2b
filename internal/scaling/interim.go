package scaling

func (c Change) Starts(string) bool { return false }
func Members(Place, []Replica, int, []string) ([]string, string, error) { return nil, "", nil }
func MakeRestart(Request, string) Change { return Change{} }
func Differences(a, b Shape) []string { return nil }
const UnknownFile = "unknown_file"

package dockerd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"

	"github.com/evenkeel/evenkeel/activities"
)

// compared is an inspection as the engine wrote it: fields that the client library does not know are
// in raw all the same.
type compared struct {
	container.InspectResponse
	raw []byte
}

// differences returns the fields, by name and sorted, in which a copy is not like its sibling. What
// belongs to one container only is left out: names, ids, number, addresses, state, its anonymous
// volumes, and the GPU that the copy was given.
func differences(sibling, clone compared, gpu string) ([]string, error) {
	was, err := fields(sibling)
	if err != nil {
		return nil, err
	}
	is, err := fields(clone)
	if err != nil {
		return nil, err
	}
	if gpu != "" {
		for _, f := range []map[string]string{was, is} {
			delete(f, "HostConfig.DeviceRequests")
			delete(f, "Config.Env "+visibleEnv)
		}
	}
	var out []string
	for name, value := range was {
		if has, ok := is[name]; !ok || has != value {
			out = append(out, name)
		}
	}
	for name := range is {
		if _, ok := was[name]; !ok {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, nil
}

// alike is nil when a copy is like its sibling, else PreconditionFailed with the first fields that are
// not. Their values may be secrets and are not named.
func alike(sibling, clone compared, gpu string) error {
	differ, err := differences(sibling, clone, gpu)
	if err != nil || len(differ) == 0 {
		return err
	}
	more := ""
	if cut := len(differ) - 5; cut > 0 {
		more = fmt.Sprintf(" and %d more", cut)
	}
	return activities.Fail(activities.PreconditionFailed, fmt.Errorf("the copy is not like %s: %s%s differs; make it with `docker compose up` instead",
		strings.TrimPrefix(sibling.Name, "/"), strings.Join(differ[:min(5, len(differ))], ", "), more))
}

// fields flattens an inspection into what a copy must have too: name → value as JSON. Lists whose order
// the engine does not keep are taken apart by their keys; an empty list or object is none.
func fields(c compared) (map[string]string, error) {
	var all struct {
		Image, Path, Platform string
		Args                  []string
		Config, HostConfig    map[string]any
		Mounts                []map[string]any
		NetworkSettings       struct{ Networks map[string]map[string]any }
	}
	decoder := json.NewDecoder(bytes.NewReader(c.raw))
	decoder.UseNumber() // sizes in bytes are larger than what a float holds exactly
	if err := decoder.Decode(&all); err != nil {
		return nil, fmt.Errorf("read the inspection of %s: %w", c.Name, err)
	}
	f := flat{}
	f.put("Image", all.Image)
	f.put("Path", all.Path)
	f.put("Platform", all.Platform)
	f.put("Args", all.Args)

	config := all.Config
	for _, v := range c.Config.Env {
		name, value, _ := strings.Cut(v, "=")
		f.put("Config.Env "+name, value)
	}
	for name, value := range c.Config.Labels {
		if name != labelNumber && name != labelReplace && name != labelRun {
			// Also an empty label is one.
			f["Config.Labels "+name] = value
		}
	}
	own := map[string]bool{"Env": true, "Labels": true, "MacAddress": true}
	// The reference may be an id, where its tag has moved; the image itself is compared above.
	own["Image"] = true
	joined := c.HostConfig.NetworkMode.IsContainer() || c.HostConfig.NetworkMode.IsHost() || c.HostConfig.UTSMode.IsHost()
	own["Hostname"] = joined || c.Config.Hostname == shortID(c.ID)
	own["Domainname"] = joined
	f.rest("Config.", config, own)

	for _, bind := range c.HostConfig.Binds {
		if source, rest, _ := strings.Cut(bind, ":"); !anonymous.MatchString(source) {
			target, _, _ := strings.Cut(rest, ":")
			f.put("HostConfig.Binds "+target, bind)
		}
	}
	if mounts, ok := all.HostConfig["Mounts"].([]any); ok {
		for _, m := range mounts {
			f.mount(m)
		}
	}
	if limits, ok := all.HostConfig["Ulimits"].([]any); ok {
		for _, limit := range limits {
			if l, ok := limit.(map[string]any); ok {
				f.put(fmt.Sprintf("HostConfig.Ulimits %v", l["Name"]), l)
			}
		}
	}
	f.put("HostConfig.Links", unnumbered(links(c.HostConfig.Links), c))
	f.rest("HostConfig.", all.HostConfig, map[string]bool{"Binds": true, "Mounts": true, "Ulimits": true, "Links": true, "ContainerIDFile": true})

	for _, m := range all.Mounts {
		name, _ := m["Name"].(string)
		if m["Type"] == "volume" && anonymous.MatchString(name) {
			m = maps.Clone(m)
			delete(m, "Name")
			delete(m, "Source")
		}
		f.put(fmt.Sprintf("Mounts %v", m["Destination"]), m)
	}
	if !joined {
		for name, n := range all.NetworkSettings.Networks {
			f.endpoint(name, n, c)
		}
	}
	return f, nil
}

// flat is field → value as JSON, without empty values.
type flat map[string]string

func (f flat) put(name string, value any) {
	text, err := json.Marshal(value) // maps come out in the order of their keys
	if err != nil {
		text = []byte(err.Error())
	}
	switch string(text) {
	case "null", "{}", "[]", `""`:
	default:
		f[name] = string(text)
	}
}

func (f flat) rest(prefix string, values map[string]any, own map[string]bool) {
	for name, value := range values {
		if !own[name] {
			f.put(prefix+name, value)
		}
	}
}

// mount puts a mount that the container was made with; an anonymous volume is seen in what came of it.
func (f flat) mount(value any) {
	m, _ := value.(map[string]any)
	source, _ := m["Source"].(string)
	if m["Type"] == "volume" && (source == "" || anonymous.MatchString(source)) {
		return
	}
	f.put(fmt.Sprintf("HostConfig.Mounts %v", m["Target"]), m)
}

// endpoint puts what the container wished for on one network.
func (f flat) endpoint(name string, n map[string]any, c compared) {
	at := "Networks " + name
	f[at] = ""
	for _, option := range []string{"IPAMConfig", "DriverOpts", "GwPriority"} {
		f.put(at+"."+option, n[option])
	}
	f.put(at+".Links", unnumbered(words(n["Links"]), c))
	var names []string
	for _, alias := range words(n["Aliases"]) {
		if alias != c.ID && alias != shortID(c.ID) && alias != strings.TrimPrefix(c.Name, "/") {
			names = append(names, alias)
		}
	}
	slices.Sort(names)
	f.put(at+".Aliases", slices.Compact(names))
}

// unnumbered returns links, sorted, without the number that they have of the container itself.
func unnumbered(links []string, c compared) []string {
	return slices.Sorted(slices.Values(renumbered(links, c.Config.Labels[labelProject], c.Config.Labels[labelNumber], "")))
}

// words are the texts of a list.
func words(list any) (out []string) {
	values, _ := list.([]any)
	for _, value := range values {
		if word, ok := value.(string); ok {
			out = append(out, word)
		}
	}
	return out
}

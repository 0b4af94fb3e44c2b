package config

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/internal/oncall"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// Oncall is who is on call when: each role goes from one to the next every Friday at 17:00 in time_zone.
type Oncall struct {
	// Start is the Friday on which the first of each list takes over.
	Start     oncall.Date `yaml:"start"`
	Rota      Rota        `yaml:"rota"`
	Overrides []Override  `yaml:"overrides"`
}

// Rota is who has each role in turn, by names of Config.People; none is empty.
type Rota struct {
	Primary   []string `yaml:"primary"`
	Secondary []string `yaml:"secondary"`
	Commander []string `yaml:"commander"`
}

// Override gives a role to somebody for a time.
type Override struct {
	// Role is an oncall.Role, and Who a name of Config.People.
	Role string `yaml:"role"`
	Who  string `yaml:"who"`
	// From is included and To not.
	From Written `yaml:"from"`
	To   Written `yaml:"to"`
	// Reason is why, in one line of at most 200 bytes.
	Reason string `yaml:"reason"`
}

// Written is a time as it stands in the file: see oncall.ParseTime. It is no text to YAML when it stands without quotes.
type Written string

// UnmarshalText takes any text; check refuses what is no time once the zone is known.
func (w *Written) UnmarshalText(text []byte) error {
	*w = Written(text)
	return nil
}

// lists are the persons of each role.
func (r Rota) lists() map[oncall.Role][]string {
	return map[oncall.Role][]string{oncall.Primary: r.Primary, oncall.Secondary: r.Secondary, oncall.Commander: r.Commander}
}

// OncallRota returns the rota with its overrides; nil where there is none. The configuration is one that Load returned.
func (c *Config) OncallRota() *oncall.Rota {
	if c.Oncall == nil {
		return nil
	}
	rota := c.weeks()
	for _, o := range c.Oncall.Overrides {
		_, _ = c.override(rota, o) // Load has checked all of them
	}
	return rota
}

// weeks is the rota without overrides.
func (c *Config) weeks() *oncall.Rota {
	zone, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		zone = time.UTC // which is told of time_zone
	}
	return &oncall.Rota{Start: c.Oncall.Start, Zone: zone, People: c.Oncall.Rota.lists()}
}

// OverrideFault returns why an override cannot be added to those of the configuration, which has a rota: the key that is
// wrong, and what is wrong and what would be right, with a semicolon between. Both are empty when it can.
func (c *Config) OverrideFault(o Override) (field, problem string) {
	return c.override(c.OncallRota(), o)
}

// override adds one to a rota unless it has a fault.
func (c *Config) override(rota *oncall.Rota, o Override) (field, problem string) {
	added := oncall.Override{Role: oncall.Role(o.Role), Who: o.Who, Reason: o.Reason}
	var err error
	if added.From, err = oncall.ParseTime(string(o.From), rota.Zone); err != nil {
		return "from", err.Error()
	}
	if added.To, err = oncall.ParseTime(string(o.To), rota.Zone); err != nil {
		return "to", err.Error()
	}
	if problem := c.noPerson(o.Who); problem != "" {
		return "who", problem
	}
	if field, problem := rota.Refuses(added); problem != "" {
		return field, problem
	}
	rota.Overrides = append(rota.Overrides, added)
	return "", ""
}

// noPerson says that a name is none of people, and what would be right; empty where it is one.
func (c *Config) noPerson(name string) string {
	if _, ok := c.People[name]; ok {
		return ""
	}
	people := slices.Sorted(maps.Keys(c.People))
	if near, ok := strictyaml.Nearest(name, people); ok {
		return fmt.Sprintf("%s is no person; did you mean %q?", strictyaml.Quote(name), near)
	}
	return fmt.Sprintf("%s is no person; write one under people", strictyaml.Quote(name))
}

// checkOncall reports what leaves a role without exactly one person at a time after the start.
func (c *Config) checkOncall(doc *strictyaml.Document) {
	if c.Oncall == nil || !isZone(c.TimeZone) {
		return
	}
	doc.Require("oncall.start", "oncall.rota")
	if start := c.Oncall.Start; doc.Sound("oncall.start") && start.Weekday() != time.Friday {
		doc.Fault("oncall.start", "%s is a %s, and the rota is handed over on Fridays; write one, such as %s", start, start.Weekday(), start.Friday())
	}
	lists := c.Oncall.Rota.lists()
	for _, role := range oncall.Roles() {
		at, list := "oncall.rota."+string(role), lists[role]
		if len(list) == 0 {
			doc.Fault(at, "names nobody, so the role would have nobody from the start on; write at least one name of people, such as [anna, ben]")
		}
		for i, name := range list {
			if problem := c.noPerson(name); problem != "" && doc.Sound("people") {
				doc.Fault(index(at, i), "%s", problem)
			}
		}
	}
	rota := c.weeks()
	for i, o := range c.Oncall.Overrides {
		at := index("oncall.overrides", i)
		doc.Require(at+".role", at+".who", at+".from", at+".to", at+".reason")
		if !doc.Sound(at) || !doc.Sound("oncall.start") {
			continue
		}
		if field, problem := c.override(rota, o); problem != "" && (field != "who" || doc.Sound("people")) {
			doc.Fault(at+"."+field, "%s", problem)
		}
	}
}

// addRoles makes a group of each role, so that it can be named wherever a group is.
func (c *Config) addRoles() {
	if c.Oncall == nil {
		return
	}
	if c.Groups == nil {
		c.Groups = map[string][]string{}
	}
	for _, name := range oncall.Groups() {
		c.Groups[name] = []string{name}
	}
}

// checkRole reports a name that begins as that of a role on call does, and is none, or that needs a rota.
func (c *Config) checkRole(doc *strictyaml.Document, at, name string) {
	switch _, ok := oncall.OfGroup(name); {
	case !ok:
		doc.Fault(at, "%s is no role on call; %s", strictyaml.Quote(name), strictyaml.Instead(name, oncall.Groups()))
	case !doc.Has("oncall"):
		doc.Fault(at, "%s names a role on call, and there is no rota; write it under oncall", strictyaml.Quote(name))
	}
}

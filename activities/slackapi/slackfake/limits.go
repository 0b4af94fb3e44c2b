package slackfake

import (
	"encoding/json"
	"fmt"
	"reflect"
	"unicode/utf8"
)

// Bounds of Block Kit: numbers of things, and characters.
const (
	maxMessageBlocks = 50
	maxViewBlocks    = 100
	maxID            = 255
	maxSection       = 3000
	maxFields        = 10
	maxField         = 2000
	maxHeader        = 150
	maxActions       = 25
	maxContext       = 10
	maxButton        = 75
	maxValue         = 2000
	maxURL           = 3000
	maxOptions       = 10
	maxMenu          = 100
	maxOption        = 75
	maxPlaceholder   = 150
	maxLabel         = 2000
	maxAlt           = 2000
	maxTitle         = 24
	maxState         = 3000
	maxConfirm       = 300
)

// checker collects what is wrong with blocks.
type checker struct {
	faults []string
	blocks map[string]bool // ids
	made   func(string) string
}

// Check says what Slack has against the blocks of a message, a JSON array, one line each; nothing is none.
func Check(blocks json.RawMessage) []string {
	_, faults := checked(blocks, maxMessageBlocks, counter())
	return faults
}

// counter makes ids.
func counter() func(prefix string) string {
	n := 0
	return func(prefix string) string {
		n++
		return fmt.Sprintf("%s-made-%d", prefix, n)
	}
}

// checked returns the blocks with an id for all that have none, or what Slack has against them.
func checked(array []byte, most int, made func(prefix string) string) (json.RawMessage, []string) {
	var blocks []any
	if json.Unmarshal(array, &blocks) != nil {
		return nil, []string{"[ERROR] must be an array [json-pointer:/blocks]"}
	}
	if len(blocks) == 0 {
		return nil, nil
	}
	c := &checker{blocks: map[string]bool{}, made: made}
	if len(blocks) > most {
		c.add("/blocks", "no more than %d items allowed", most)
	}
	for i, one := range blocks {
		c.block(fmt.Sprintf("/blocks/%d", i), one)
	}
	named, err := json.Marshal(blocks)
	if err != nil {
		c.add("/blocks", "%s", err)
	}
	return named, c.faults
}

func (c *checker) add(at, format string, args ...any) {
	c.faults = append(c.faults, fmt.Sprintf("[ERROR] "+format+" [json-pointer:"+at+"]", args...))
}

func (c *checker) block(at string, one any) {
	b, ok := one.(object)
	if !ok {
		c.add(at, "must be an object")
		return
	}
	id := c.id(at+"/block_id", b, "block_id", "b")
	if c.blocks[id] {
		c.add(at+"/block_id", "block_id already exists")
	}
	c.blocks[id] = true
	actions := map[string]bool{} // ids of the elements of this block
	switch b["type"] {
	case "header":
		c.text(at+"/text", b["text"], maxHeader, true)
	case "section":
		_, fields := b["fields"]
		if b["text"] != nil || !fields {
			c.text(at+"/text", b["text"], maxSection, false)
		}
		if fields {
			for i, field := range c.list(at+"/fields", b["fields"], maxFields) {
				c.text(fmt.Sprintf("%s/fields/%d", at, i), field, maxField, false)
			}
		}
		if b["accessory"] != nil {
			c.element(at+"/accessory", b["accessory"], actions)
		}
	case "actions":
		for i, e := range c.list(at+"/elements", b["elements"], maxActions) {
			c.element(fmt.Sprintf("%s/elements/%d", at, i), e, actions)
		}
	case "context":
		for i, e := range c.list(at+"/elements", b["elements"], maxContext) {
			place := fmt.Sprintf("%s/elements/%d", at, i)
			if m, ok := e.(object); ok && m["type"] == "image" {
				c.image(place, m)
				continue
			}
			c.text(place, e, maxSection, false)
		}
	case "input":
		c.text(at+"/label", b["label"], maxLabel, true)
		if b["hint"] != nil {
			c.text(at+"/hint", b["hint"], maxLabel, true)
		}
		c.element(at+"/element", b["element"], actions)
	case "image":
		c.image(at, b)
	case "divider":
	default:
		c.add(at+"/type", "unsupported type")
	}
}

// element checks what a person can act on.
func (c *checker) element(at string, one any, actions map[string]bool) {
	e, ok := one.(object)
	if !ok {
		c.add(at, "must be an object")
		return
	}
	if e["type"] == "image" {
		c.image(at, e)
		return
	}
	id := c.id(at+"/action_id", e, "action_id", "a")
	if actions[id] {
		c.add(at+"/action_id", "action_id already exists in this block")
	}
	actions[id] = true
	if e["placeholder"] != nil {
		c.text(at+"/placeholder", e["placeholder"], maxPlaceholder, true)
	}
	switch e["type"] {
	case "button":
		c.text(at+"/text", e["text"], maxButton, true)
		c.short(at+"/value", e["value"], maxValue)
		c.short(at+"/url", e["url"], maxURL)
		if style := e["style"]; style != nil && style != "primary" && style != "danger" {
			c.add(at+"/style", "must be primary or danger")
		}
		if e["confirm"] != nil {
			c.confirm(at+"/confirm", e["confirm"])
		}
	case "checkboxes", "radio_buttons":
		c.options(at, e, maxOptions)
	case "static_select", "multi_static_select":
		c.options(at, e, maxMenu)
	case "plain_text_input":
		c.short(at+"/initial_value", e["initial_value"], maxSection)
	case "users_select", "multi_users_select", "datepicker", "timepicker", "number_input":
	default:
		c.add(at+"/type", "unsupported type")
	}
}

// options checks what can be selected, and that what is selected at the beginning can be.
func (c *checker) options(at string, e object, most int) {
	options := c.list(at+"/options", e["options"], most)
	for i, one := range options {
		place := fmt.Sprintf("%s/options/%d", at, i)
		o, ok := one.(object)
		if !ok {
			c.add(place, "must be an object")
			continue
		}
		c.text(place+"/text", o["text"], maxOption, false)
		if _, ok := o["value"].(string); !ok {
			c.add(place+"/value", "missing required field")
		}
		c.short(place+"/value", o["value"], maxOption)
		if o["description"] != nil {
			c.text(place+"/description", o["description"], maxOption, false)
		}
	}
	initial, _ := e["initial_options"].([]any)
	if e["initial_option"] != nil {
		initial = append(initial, e["initial_option"])
	}
	for _, one := range initial {
		found := false
		for _, o := range options {
			found = found || reflect.DeepEqual(o, one)
		}
		if !found {
			c.add(at+"/initial_options", "must be among the options")
		}
	}
}

func (c *checker) confirm(at string, one any) {
	m, ok := one.(object)
	if !ok {
		c.add(at, "must be an object")
		return
	}
	c.text(at+"/title", m["title"], 100, true)
	c.text(at+"/text", m["text"], maxConfirm, false)
	c.text(at+"/confirm", m["confirm"], 30, true)
	c.text(at+"/deny", m["deny"], 30, true)
}

func (c *checker) image(at string, m object) {
	for name, most := range map[string]int{"image_url": maxURL, "alt_text": maxAlt} {
		if text, _ := m[name].(string); text == "" {
			c.add(at+"/"+name, "missing required field")
		}
		c.short(at+"/"+name, m[name], most)
	}
}

// list checks an array of 1 to most things.
func (c *checker) list(at string, value any, most int) []any {
	list, _ := value.([]any)
	if len(list) == 0 {
		c.add(at, "no fewer than 1 item allowed")
	}
	if len(list) > most {
		c.add(at, "no more than %d items allowed", most)
	}
	return list
}

// text checks a text object.
func (c *checker) text(at string, value any, most int, plain bool) {
	m, _ := value.(object)
	text, _ := m["text"].(string)
	switch kind := m["type"]; {
	case kind != "plain_text" && (plain || kind != "mrkdwn"):
		c.add(at+"/type", "must be a text object of the right type")
	case text == "":
		c.add(at+"/text", "must be more than 0 characters")
	}
	c.short(at+"/text", text, most)
}

// short checks a string that may be left out.
func (c *checker) short(at string, value any, most int) {
	text, ok := value.(string)
	if value != nil && !ok {
		c.add(at, "must be a string")
	}
	if utf8.RuneCountInString(text) > most {
		c.add(at, "must be less than %d characters", most+1)
	}
}

// id checks an id, and makes one up where there is none, as Slack does.
func (c *checker) id(at string, m object, name, prefix string) string {
	c.short(at, m[name], maxID)
	id, _ := m[name].(string)
	if id == "" {
		id = c.made(prefix)
		m[name] = id
	}
	return id
}

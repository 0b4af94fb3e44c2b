package slackfake

import "encoding/json"

// block is a block as the page and presses need it.
type block struct {
	Type      string            `json:"type"`
	ID        string            `json:"block_id"`
	Text      *textObject       `json:"text"`
	Fields    []textObject      `json:"fields"`
	Elements  []json.RawMessage `json:"elements"`
	Accessory *element          `json:"accessory"`
	Label     *textObject       `json:"label"`
	Hint      *textObject       `json:"hint"`
	Element   *element          `json:"element"`
	Optional  bool              `json:"optional"`
	Alt       string            `json:"alt_text"`
}

type textObject struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// element is what a person can act on.
type element struct {
	Type    string      `json:"type"`
	ID      string      `json:"action_id"`
	Text    *textObject `json:"text"`
	Value   string      `json:"value"`
	URL     string      `json:"url"`
	Style   string      `json:"style"`
	Options []option    `json:"options"`
	Initial []option    `json:"initial_options"`
	First   *option     `json:"initial_option"`
	Filled  string      `json:"initial_value"`
	Multi   bool        `json:"multiline"`
}

type option struct {
	Text        *textObject `json:"text"`
	Value       string      `json:"value"`
	Description *textObject `json:"description,omitempty"`
}

// parsed reads blocks that were checked.
func parsed(blocks json.RawMessage) []block {
	var all []block
	if json.Unmarshal(blocks, &all) != nil {
		return nil
	}
	return all
}

// acting returns the elements of a block that a person can act on.
func (b block) acting() []element {
	var all []element
	if b.Type == "actions" {
		for _, raw := range b.Elements {
			var e element
			if json.Unmarshal(raw, &e) == nil {
				all = append(all, e)
			}
		}
	}
	for _, e := range []*element{b.Accessory, b.Element} {
		if e != nil && e.Type != "image" {
			all = append(all, *e)
		}
	}
	return all
}

// said returns the texts of a context block.
func (b block) said() []textObject {
	var all []textObject
	for _, raw := range b.Elements {
		var t textObject
		if json.Unmarshal(raw, &t) == nil && t.Text != "" {
			all = append(all, t)
		}
	}
	return all
}

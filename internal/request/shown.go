package request

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strconv"

	"github.com/evenkeel/evenkeel/internal/condition"
)

// ShownSHA256 is the hash of all that a person decides by. Who may answer and until when is not in it: an escalation
// changes neither what is asked nor what was said. Answers in histories and entries of the ledger hold it: whatever makes
// another hash of the same request takes another number in the first text, and all runs have to end before it.
func (r Request) ShownSHA256() string {
	h := digest{sha256.New()}
	h.text("evenkeel request 1", string(r.Kind), r.ID, r.Step, r.Message, string(r.Risk), r.PlanSHA256, r.Definition)
	h.list(r.Choices)
	h.number(len(r.Allows))
	for _, e := range r.Allows {
		h.text(e.Step, strconv.Itoa(e.Attempt), e.Uses)
		h.values(e.Arguments)
		h.list(e.Argv)
	}
	h.number(len(r.Fields))
	for _, f := range r.Fields {
		h.text(f.Name, string(f.Type), f.Description, f.Pattern, fmt.Sprint(f.Default), bound(f.Min), bound(f.Max))
		h.list(f.Enum)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// bound spells the bound of a number; there may be none.
func bound(b *float64) string {
	if b == nil {
		return ""
	}
	return condition.Spell(*b)
}

// digest takes each text behind its length, so that two different lists never make the same bytes.
type digest struct{ hash.Hash }

func (h digest) text(texts ...string) {
	for _, t := range texts {
		h.number(len(t))
		h.Write([]byte(t))
	}
}

func (h digest) number(n int) { h.Write([]byte(strconv.Itoa(n) + ":")) } // which never fails

func (h digest) list(texts []string) {
	h.number(len(texts))
	h.text(texts...)
}

func (h digest) values(values condition.Values) {
	h.number(len(values))
	for _, name := range values.Names() {
		h.text(name, condition.Spell(values[name]))
	}
}

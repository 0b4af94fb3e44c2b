package compose

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// call is one command of a health check.
type call struct {
	words []string
	// negated says that it is to fail. open says that its success does not decide the check's by itself: it stands
	// in a construct that is not followed here, or something else may make up for its failure.
	negated, open bool
	// into are the words of what its output is given to.
	into []string
}

// script divides the text of a shell command into its calls. Of constructs beyond pipes and lists only the words
// are kept.
func script(text string) []call {
	var calls []call
	now := call{}
	piped := -1
	end := func(operator string) {
		if len(now.words) > 0 && now.words[0] == "!" {
			now.words, now.negated = now.words[1:], true
		}
		if piped >= 0 {
			calls[piped].into = append(calls[piped].into, now.words...)
		}
		if len(now.words) > 0 {
			calls = append(calls, now)
		}
		if operator != "|" {
			piped = -1
		} else if piped < 0 && len(calls) > 0 {
			piped = len(calls) - 1
		}
		now = call{}
	}
	operators := []string{}
	for _, token := range tokens(text) {
		if !token.operator {
			now.words = append(now.words, token.text)
			continue
		}
		end(token.text)
		operators = append(operators, token.text)
	}
	end("")
	open := strings.ContainsAny(text, "`") || strings.Contains(text, "$(") || slices.ContainsFunc(operators, func(o string) bool { return strings.Contains(";&\n()", o) })
	alternatives := slices.Contains(operators, "||")
	for i := range calls {
		if alternatives && i == len(calls)-1 && fails(calls[i].words) {
			alternatives = false
		}
	}
	for i := range calls {
		calls[i].open = open || alternatives || slices.Contains([]string{"if", "while", "until", "{", "[", "[[", "test"}, calls[i].words[0])
	}
	return calls
}

// fails says whether a command ends the check as failed, such as `exit 1`.
func fails(words []string) bool {
	switch words[0] {
	case "false", "kill":
		return true
	case "exit", "return":
		return len(words) > 1 && words[1] != "0"
	}
	return false
}

// program is curl or wget where one is called; empty for anything else.
func (c call) program() string {
	for _, word := range c.words {
		if name := path.Base(word); name == "curl" || name == "wget" {
			return name
		}
	}
	return ""
}

var (
	// status finds codes of answers, other the words of requests that are not a GET.
	status = regexp.MustCompile(`\b[1-5][0-9]{2}\b`)
	other  = regexp.MustCompile(`(?i)\b(post|put|patch|delete|head|options|authorization|401|403|404|405)\b`)
)

// plainGET says whether the call succeeds only where a GET without anything beside it is answered well.
func (c call) plainGET(url string) bool {
	if c.open || c.negated {
		return false
	}
	expects := status.FindAllString(strings.Join(c.into, " "), -1)
	if slices.ContainsFunc(expects, func(code string) bool { return code[0] != '2' }) {
		return false
	}
	switch c.program() {
	case "curl":
		return c.plainCurl(len(expects) > 0)
	case "wget":
		return c.plainWget()
	}
	words := slices.DeleteFunc(slices.Clone(c.words), func(word string) bool { return word == url })
	return !other.MatchString(strings.Join(words, " ")) && len(c.into) == 0 && !strings.Contains(url, "(")
}

// plainCurl looks at curl's options. Without --fail it takes every answer for a success, unless the code that it
// writes is compared.
func (c call) plainCurl(compared bool) bool {
	set := c.options("XdHuowmTFbAexEKrYyzCctDPQU")
	for name, value := range set {
		switch name {
		case "X", "request":
			if value != "GET" {
				return false
			}
		case "d", "json", "F", "form", "form-string", "T", "upload-file", "H", "header", "u", "user", "oauth2-bearer", "b", "cookie", "E", "cert",
			"K", "config", "x", "proxy", "unix-socket":
			return false
		case "I", "head":
			if len(c.into) > 0 {
				return false
			}
		case "i", "include", "v", "verbose":
			if len(c.into) > 0 && !compared {
				return false
			}
		}
		if strings.HasPrefix(name, "data") {
			return false
		}
	}
	for _, name := range []string{"f", "fail", "fail-with-body"} {
		if _, ok := set[name]; ok {
			return true
		}
	}
	return compared
}

// plainWget looks at wget's options. It takes an error's code for a failure by itself.
func (c call) plainWget() bool {
	for name, value := range c.options("OoaTtwUPiQe") {
		switch name {
		case "method":
			if value != "GET" {
				return false
			}
		case "post-data", "post-file", "body-data", "body-file", "header", "user", "http-user", "password", "certificate", "i", "input-file", "content-on-error":
			return false
		case "S", "server-response", "spider":
			if len(c.into) > 0 {
				return false
			}
		}
	}
	return true
}

// options returns the options of the call by name, without their dashes. valued are the short ones that take a
// value, which may stand right behind them or be the next word.
func (c call) options(valued string) map[string]string {
	set := map[string]string{}
	for i, word := range c.words {
		next := ""
		if i+1 < len(c.words) {
			next = c.words[i+1]
		}
		if long, ok := strings.CutPrefix(word, "--"); ok {
			name, value, given := strings.Cut(long, "=")
			if !given {
				value = next
			}
			set[name] = value
			continue
		}
		short, ok := strings.CutPrefix(word, "-")
		for at := 0; ok && at < len(short); at++ {
			value := short[at+1:]
			if !strings.Contains(valued, short[at:at+1]) {
				set[short[at:at+1]] = ""
				continue
			}
			if value == "" {
				value = next
			}
			set[short[at:at+1]] = value
			break
		}
	}
	return set
}

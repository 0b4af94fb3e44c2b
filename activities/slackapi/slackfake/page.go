package slackfake

import (
	"bytes"
	_ "embed" // for the page
	"html"
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{"mrkdwn": mrkdwn}).Parse(pageText))

// servePage adds the page and its forms, which no page from elsewhere can send.
func (s *Server) servePage() {
	own := http.NewCrossOriginProtection()
	s.routes.HandleFunc("GET /{$}", s.showPage)
	for path, do := range map[string]func(*http.Request) error{"/press": s.formPress, "/submit": s.formSubmit, "/dismiss": s.formDismiss} {
		s.routes.Handle("POST "+path, own.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
			if err := r.ParseForm(); err != nil {
				http.Error(w, "the form cannot be read", http.StatusBadRequest)
				return
			}
			if err := do(r); err != nil {
				s.note(r.PostForm.Get("user"), "⚠ "+err.Error())
			}
			http.Redirect(w, r, "/?user="+url.QueryEscape(r.PostForm.Get("user")), http.StatusSeeOther)
		})))
	}
}

func (s *Server) formPress(r *http.Request) error {
	_, err := s.Press(r.Context(), Press{
		User: r.PostForm.Get("user"), Channel: r.PostForm.Get("channel"), TS: r.PostForm.Get("ts"),
		Block: r.PostForm.Get("block"), Action: r.PostForm.Get("action"), Selected: r.PostForm["selected"],
	})
	return err
}

func (s *Server) formSubmit(r *http.Request) error {
	values := map[string][]string{}
	for name, value := range r.PostForm {
		if block, ok := strings.CutPrefix(name, "block:"); ok {
			values[block] = value
		}
	}
	_, err := s.Submit(r.Context(), Submission{User: r.PostForm.Get("user"), View: r.PostForm.Get("view"), Values: values})
	return err
}

func (s *Server) formDismiss(r *http.Request) error {
	s.Dismiss(r.PostForm.Get("user"), r.PostForm.Get("view"))
	return nil
}

// What the page shows.
type page struct {
	Name     string
	User     User
	Users    []User
	Note     string
	Views    []pageView
	Channels []pageChannel
}

type pageView struct {
	View
	Of []pageBlock
}

type pageChannel struct {
	Channel
	Messages []pageMessage
}

type pageMessage struct {
	Message
	Author  string
	Of      []pageBlock
	Replies []pageMessage
}

// At is when it was posted, to the second.
func (m pageMessage) At() string {
	seconds, _, _ := strings.Cut(m.TS, ".")
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return m.TS
	}
	return time.Unix(n, 0).UTC().Format("2 Jan 15:04:05")
}

// pageBlock is a block and where it is: in a message, whose elements can be pressed, or in a form.
type pageBlock struct {
	block
	User, Channel, TS string
	Error             string
}

// Acting are the elements that can be acted on.
func (b pageBlock) Acting() []element { return b.acting() }

// Said are the texts of a context block.
func (b pageBlock) Said() []textObject { return b.said() }

// namedElement is an element with the name that its input has.
type namedElement struct {
	element
	Name string
}

// Named gives the element's input a name.
func (e element) Named(name string) namedElement { return namedElement{e, name} }

// Ticked says whether an option is selected at the beginning.
func (e element) Ticked(value string) bool {
	return slices.ContainsFunc(e.initial(), func(o option) bool { return o.Value == value })
}

func (s *Server) showPage(w http.ResponseWriter, r *http.Request) {
	var text bytes.Buffer
	if err := pageTemplate.Execute(&text, s.look(r.URL.Query().Get("user"))); err != nil {
		http.Error(w, "the page cannot be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.Write(text.Bytes())
}

// look is what a user sees; a user who is not there sees it as the first one.
func (s *Server) look(id string) page {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.options.Workspace
	user, ok := s.user(id)
	if !ok && len(w.Users) > 0 {
		user = w.Users[0]
	}
	p := page{Name: w.Name, User: user, Users: w.Users, Note: s.notes[user.ID]}
	for _, v := range s.views {
		if v.User != user.ID {
			continue
		}
		shown := pageView{View: *v}
		for _, b := range parsed(v.Blocks) {
			shown.Of = append(shown.Of, pageBlock{block: b, Error: v.Errors[b.ID]})
		}
		p.Views = append(p.Views, shown)
	}
	slices.SortFunc(p.Views, func(a, b pageView) int { return strings.Compare(a.ID, b.ID) })
	for _, c := range w.Channels {
		channel := pageChannel{Channel: c}
		at := map[string]int{}
		for _, m := range s.messages {
			if m.Channel != c.ID || m.For != "" && m.For != user.ID {
				continue
			}
			shown := s.pageMessage(m, user.ID)
			if i, ok := at[m.Thread]; ok {
				channel.Messages[i].Replies = append(channel.Messages[i].Replies, shown)
				continue
			}
			at[m.TS] = len(channel.Messages)
			channel.Messages = append(channel.Messages, shown)
		}
		p.Channels = append(p.Channels, channel)
	}
	return p
}

func (s *Server) pageMessage(m *Message, user string) pageMessage {
	shown := pageMessage{Message: *m, Author: m.User}
	if u, ok := s.user(m.User); ok {
		shown.Author = u.Name
	}
	if m.BotID == s.options.Workspace.BotID {
		shown.Author = "evenkeel"
	}
	for _, b := range parsed(m.Blocks) {
		shown.Of = append(shown.Of, pageBlock{block: b, User: user, Channel: m.Channel, TS: m.TS})
	}
	return shown
}

var (
	codeSpan = regexp.MustCompile("`([^`\n]+)`")
	bold     = regexp.MustCompile(`\*([^*\n]+)\*`)
	escaped  = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
)

// mrkdwn shows a text roughly as Slack does. Everything in it is escaped first.
func mrkdwn(text string) template.HTML {
	var shown strings.Builder
	for i, part := range strings.Split(html.EscapeString(escaped.Replace(text)), "```") {
		if i%2 == 1 { // between fences it is code
			shown.WriteString("<pre>" + strings.Trim(part, "\n") + "</pre>")
			continue
		}
		part = codeSpan.ReplaceAllString(part, "<code>$1</code>")
		shown.WriteString(bold.ReplaceAllString(part, "<b>$1</b>"))
	}
	return template.HTML(shown.String()) //nolint:gosec // escaped above; only fixed tags are added
}

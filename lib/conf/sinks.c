/* SPDX-License-Identifier: MIT */
/*
 * Documents of sinks.d to struct wn_sink_conf: where campaign events and due touches are delivered. Which event
 * types exist is said here once (the list behind `events:`); templates stay text.
 */
#include <stdio.h>
#include <strings.h>

#include <whynow/limits.h>
#include <whynow/mail.h>

#include "parts.h"

struct draft {
	struct wn_sink_conf s; /* first: the walker's node */
	bool enabled;
};

#define AT(member) offsetof(struct draft, member)
#define IN(outer, member) (offsetof(struct draft, outer.member) - offsetof(struct draft, outer))

static const char *const kinds[] = {"webhook", "smtp", "file", "journal", NULL};
static const char *const formats[] = {"cloudevents", "template", NULL};

/* Every type of event that leaves (design 05, events out). */
static const char *const event_types[] = {
	"campaign.proposed", "campaign.opened", "campaign.extended", "campaign.migrated", "campaign.finishing", "campaign.closed",
	"member.enrolled",   "member.left",     "member.handed_off", "touch.due",          "review.written",
	"review.final",      "segment.refused", "feed.blind",        "feed.recovered",
};

/* "*", "campaign.*" or the whole type. */
static bool matches(struct wn_str pattern, const char *type)
{
	if (pattern.n && pattern.p[pattern.n - 1] == '*')
		return strncmp(type, pattern.p, pattern.n - 1) == 0;
	return wn_str_is(pattern, type);
}

bool wn_sink_takes_event(const struct wn_sink_conf *s, const char *type)
{
	for (size_t i = 0; i < s->events.n; i++)
		if (matches(s->events.v[i], type))
			return true;
	return false;
}

bool wn_sink_takes_channel(const struct wn_sink_conf *s, struct wn_str channel)
{
	for (size_t i = 0; i < s->channels.n; i++)
		if (wn_str_eq(s->channels.v[i], channel))
			return true;
	return false;
}

static void check_pattern(const struct wn_yaml_node *n, struct wn_yaml_errors *e)
{
	struct wn_str s = n->text;
	bool star = s.n && s.p[s.n - 1] == '*';

	if (!star || s.n == 1 || s.p[s.n - 2] == '.')
		for (size_t i = 0; i < WN_COUNT(event_types); i++)
			if (matches(s, event_types[i]))
				return;
	const char *near = wn_nearest(s, event_types, WN_COUNT(event_types));
	wn_yaml_error(e, wn_yaml_place(n),
		      "\"events\" in sink: expected a type of event, campaign.* or *, found \"" WN_STR_FMT
		      "\"%s%s%s",
		      WN_STR_ARG(s), near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static void read_events(const struct wn_yaml_node *n, const struct wn_yaml_row *row, struct wn_arena *a,
			void *out, struct wn_yaml_errors *e)
{
	struct wn_err err = {0};

	if (wn_yaml_strings(n, 1, 100, a, out, &err)) {
		wn_fail_more(&err, WN_INVALID, "\"%s\" in sink", row->name);
		wn_yaml_error_add(e, &err);
		return;
	}
	for (size_t i = 0; n->kind == WN_YAML_SEQUENCE && i < n->n; i++)
		check_pattern(n->items[i], e);
	if (n->kind == WN_YAML_SCALAR)
		check_pattern(n, e);
}

static const struct wn_yaml_row template_rows[] = {
	{"body", WN_YAML_T_TEXT, IN(s.template, body), .required = true},
	{"content_type", WN_YAML_T_STRING, IN(s.template, content_type), .min = 3, .max = 100},
};
static const struct wn_yaml_schema template_schema = {"template", template_rows, WN_COUNT(template_rows)};

static const struct wn_yaml_row unsubscribe_rows[] = {
	{"mailto", WN_YAML_T_STRING, IN(s.unsubscribe, mailto), .min = 3, .max = 320},
	{"url", WN_YAML_T_CUSTOM, IN(s.unsubscribe, url), .read = wn_conf_read_http_url},
};
static const struct wn_yaml_schema unsubscribe_schema = {"unsubscribe", unsubscribe_rows,
							 WN_COUNT(unsubscribe_rows)};

static const struct wn_yaml_row sink_rows[] = {
	{"sink", WN_YAML_T_NAME, AT(s.name), .required = true},
	{"enabled", WN_YAML_T_BOOL, AT(enabled)},
	{"kind", WN_YAML_T_ENUM, AT(s.kind), .required = true, .names = kinds},
	{"channels", WN_YAML_T_STRINGS, AT(s.channels), .min = 1, .max = 100},
	{"events", WN_YAML_T_CUSTOM, AT(s.events), .read = read_events},
	{"url", WN_YAML_T_STRING, AT(s.url), .min = 1, .max = WN_URL_MAX},
	{"path", WN_YAML_T_STRING, AT(s.path), .min = 1, .max = 4000},
	{"format", WN_YAML_T_ENUM, AT(s.format), .names = formats},
	{"template", WN_YAML_T_MAP, AT(s.template), .schema = &template_schema},
	{"headers", WN_YAML_T_CUSTOM, AT(s.headers), .read = wn_conf_read_headers},
	{"secrets", WN_YAML_T_CUSTOM, AT(s.secret_credentials), .max = 2, .read = wn_conf_read_credentials},
	{"bearer", WN_YAML_T_CREDENTIAL, AT(s.bearer_credential)},
	{"timeout", WN_YAML_T_DURATION, AT(s.timeout_us), .min = 1, .max = 600},
	{"allow_private", WN_YAML_T_BOOL, AT(s.allow_private)},
	{"ca_file", WN_YAML_T_STRING, AT(s.ca_file), .min = 2, .max = 4000},
	{"user", WN_YAML_T_STRING, AT(s.user), .min = 1, .max = 320},
	{"password", WN_YAML_T_CREDENTIAL, AT(s.password_credential)},
	{"from", WN_YAML_T_STRING, AT(s.from), .min = 3, .max = 500},
	{"starttls", WN_YAML_T_BOOL, AT(s.starttls)},
	{"unsubscribe", WN_YAML_T_MAP, AT(s.unsubscribe), .schema = &unsubscribe_schema},
};

static const struct wn_yaml_schema sink_schema = {"sink", sink_rows, WN_COUNT(sink_rows)};

/* Which keys each kind of sink understands beyond name, channels and events; `!` marks what it cannot do
 * without. */
static const struct {
	const char *key, *kinds;
} belongs[] = {
	{"url", "!webhook !smtp"}, {"path", "!file"},           {"format", "webhook"},
	{"template", "webhook"},   {"headers", "webhook"},      {"secrets", "webhook"},
	{"bearer", "webhook"},     {"timeout", "webhook smtp"}, {"allow_private", "webhook smtp"},
	{"user", "smtp"},          {"password", "smtp"},        {"from", "smtp"},
	{"starttls", "smtp"},      {"unsubscribe", "smtp"},     {"ca_file", "webhook smtp"},
	{"events", "webhook file journal"},
};

static void check_keys(const struct wn_sink_conf *s, struct wn_yaml_errors *e)
{
	const char *kind = kinds[s->kind];

	for (size_t i = 0; i < WN_COUNT(belongs); i++) {
		const char *at = strstr(belongs[i].kinds, kind);
		bool given = wn_yaml_get(s->node, belongs[i].key) != NULL;
		if (given && !at)
			wn_yaml_error(e, wn_yaml_place(wn_yaml_key(s->node, belongs[i].key)),
				      "\"%s\" has no place in a %s sink", belongs[i].key, kind);
		if (!given && at && at > belongs[i].kinds && at[-1] == '!')
			wn_yaml_error(e, wn_yaml_place(s->node), "missing key \"%s\" in %s sink",
				      belongs[i].key, kind);
	}
}

static bool has_scheme(struct wn_str s, const char *scheme)
{
	size_t n = strlen(scheme);
	return s.n > n && !strncasecmp(s.p, scheme, n);
}

static bool is_smtp_url(struct wn_str s)
{
	if (!has_scheme(s, "smtp://") && !has_scheme(s, "smtps://"))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= 0x20 || s.p[i] == '@' || s.p[i] == 0x7f)
			return false;
	return true;
}

static bool is_one_line(struct wn_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return true;
}

static bool is_mailbox(struct wn_str s)
{
	WN_CLEANUP(wn_arena_freep) struct wn_arena *a = wn_arena_new(0);
	struct wn_mailbox m;
	return wn_mailbox_parse(s, a, &m);
}

static void check_meaning(const struct wn_sink_conf *s, struct wn_yaml_errors *e)
{
	struct wn_place url = wn_yaml_place(wn_yaml_get(s->node, "url"));

	check_keys(s, e);
	if (s->kind == WN_SINK_WEBHOOK && s->url.p && !wn_conf_is_http_url(s->url))
		wn_yaml_error(e, url,
			      "\"url\": expected an address http(s)://HOST/... without user and blanks, found "
			      "\"" WN_STR_FMT "\"",
			      WN_STR_ARG(s->url));
	if (s->kind == WN_SINK_SMTP && s->url.p && !is_smtp_url(s->url))
		wn_yaml_error(e, url,
			      "\"url\": expected smtp://HOST[:PORT] or smtps://HOST[:PORT], found \"" WN_STR_FMT
			      "\"",
			      WN_STR_ARG(s->url));
	if (s->format == WN_SINK_TEMPLATE && !s->template.node)
		wn_yaml_error(e, wn_yaml_place(s->node),
			      "missing key \"template\" in sink with format: template");
	if (s->format != WN_SINK_TEMPLATE && s->template.node)
		wn_yaml_error(e, wn_yaml_place(s->template.node),
			      "template: expected format: template with it");
	if (s->ca_file.p && s->ca_file.p[0] != '/')
		wn_yaml_error(e, wn_yaml_place(wn_yaml_get(s->node, "ca_file")), "ca_file: expected an absolute path");
	if (s->kind == WN_SINK_SMTP && s->user.p && !s->starttls && has_scheme(s->url, "smtp://"))
		wn_yaml_error(e, wn_yaml_place(wn_yaml_get(s->node, "starttls")),
			      "a password is sent over TLS only: take away \"starttls: false\" or \"user\"");
	if (s->from.p && !is_mailbox(s->from))
		wn_yaml_error(e, wn_yaml_place(wn_yaml_get(s->node, "from")),
			      "from: expected ADDRESS or NAME <ADDRESS>, found \"" WN_STR_FMT "\"", WN_STR_ARG(s->from));
	if (s->unsubscribe.mailto.p && !wn_mail_address_is(s->unsubscribe.mailto, NULL))
		wn_yaml_error(e, wn_yaml_place(wn_yaml_get(s->unsubscribe.node, "mailto")),
			      "mailto: expected a mail address, found \"" WN_STR_FMT "\"", WN_STR_ARG(s->unsubscribe.mailto));
	if (!s->events.n && !s->channels.n)
		wn_yaml_error(e, wn_yaml_place(s->node),
			      "the sink takes nothing: expected events: or channels:");
	if ((s->user.p != NULL) != (s->password_credential.p != NULL))
		wn_yaml_error(e, wn_yaml_place(s->node), "user and password go together");
	if (s->unsubscribe.node && !s->unsubscribe.mailto.p && !s->unsubscribe.url.p)
		wn_yaml_error(e, wn_yaml_place(s->unsubscribe.node),
			      "unsubscribe: expected mailto, url or both");
	if (!is_one_line(s->from) || !is_one_line(s->user) || !is_one_line(s->unsubscribe.mailto) ||
	    !is_one_line(s->path))
		wn_yaml_error(e, wn_yaml_place(s->node), "from, user, mailto and path are of one line");
}

void wn_conf_sinks(const struct wn_yaml_docs *docs, struct wn_arena *a, struct wn_sink_confs *out,
		   struct wn_yaml_errors *errors)
{
	for (size_t i = 0; i < docs->n; i++) {
		struct draft d = {.enabled = true, .s.starttls = true};
		size_t before = wn_yaml_errors_count(errors);

		if (!wn_yaml_walk(docs->v[i].root, &sink_schema, a, &d, errors))
			check_meaning(&d.s, errors);
		if (wn_yaml_errors_count(errors) != before)
			continue;
		if (!d.enabled) {
			out->n_disabled++;
			continue;
		}
		if (d.s.template.node && !d.s.template.content_type.p)
			d.s.template.content_type = WN_STR("application/json");
		d.s.at = wn_yaml_place(wn_yaml_get(d.s.node, "sink"));
		wn_conf_checksum(d.s.node, d.s.checksum);
		*WN_PUSH(a, &out->list) = d.s;
	}
}

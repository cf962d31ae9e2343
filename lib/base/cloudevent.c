/* SPDX-License-Identifier: MIT */
/* CloudEvents: the writer, and the rules of the specification as a table of attributes. */
#include <whynow/base64.h>
#include <whynow/cloudevent.h>
#include <whynow/date.h>
#include <whynow/id.h>

#include <stdio.h>

static void member(struct wn_buf *b, const char *name, struct wn_str value)
{
	wn_buf_printf(b, ",\"%s\":", name);
	wn_json_write_string(b, value);
}

void wn_cloudevent_write(struct wn_buf *b, const struct wn_cloudevent *e)
{
	char time[40];
	wn_rfc3339_from_us(e->time_us, time);
	wn_buf_text(b, "{\"specversion\":\"1.0\"");
	member(b, "id", e->id);
	member(b, "source", e->source);
	member(b, "type", e->type);
	if (e->subject.n)
		member(b, "subject", e->subject);
	member(b, "time", wn_str_of(time));
	wn_buf_text(b, ",\"datacontenttype\":\"application/json\"");
	if (e->sequence >= 0)
		wn_buf_printf(b, ",\"sequence\":\"%020lld\"", (long long)e->sequence);
	wn_buf_text(b, ",\"data\":");
	wn_buf_str(b, e->data.n ? e->data : WN_STR("{}"));
	wn_buf_char(b, '}');
}

/* --- rules of values ---- */
static bool is_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

/* Characters of RFC 3986: unreserved, reserved, and well-formed escapes. */
static bool is_uri_reference(struct wn_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t byte;
		if (s.p[i] == '%') {
			if (s.n - i < 3 || !wn_unhex((struct wn_str){s.p + i + 1, 2}, &byte, 1))
				return false;
		} else if (!is_alnum(s.p[i]) && !(s.p[i] && strchr("-._~:/?#[]@!$&'()*+,;=", s.p[i]))) {
			return false;
		}
	}
	return true;
}

static bool is_uri(struct wn_str s)
{
	size_t i = 0;
	while (i < s.n && (is_alnum(s.p[i]) || (i && memchr("+-.", s.p[i], 3))))
		i++;
	return i > 0 && i < s.n && s.p[i] == ':' && !(s.p[0] >= '0' && s.p[0] <= '9') && is_uri_reference(s);
}

static bool is_token(struct wn_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_alnum(s.p[i]) && !(s.p[i] && strchr("!#$%&'*+-.^_`|~", s.p[i])))
			return false;
	return s.n > 0;
}

/* RFC 2046: type "/" subtype, then parameters, which are not looked into but for their beginning. */
static bool is_media_type(struct wn_str s)
{
	const char *slash = memchr(s.p, '/', s.n), *semicolon = memchr(s.p, ';', s.n);
	struct wn_str rest = {semicolon, semicolon ? (size_t)(s.p + s.n - semicolon) : 0};
	size_t n = semicolon ? (size_t)(semicolon - s.p) : s.n;
	while (n && (s.p[n - 1] == ' ' || s.p[n - 1] == '\t'))
		n--;
	if (!slash || slash >= s.p + n)
		return false;
	return is_token((struct wn_str){s.p, (size_t)(slash - s.p)}) && is_token((struct wn_str){slash + 1, (size_t)(s.p + n - slash - 1)}) &&
	       (!rest.n || memchr(rest.p, '=', rest.n));
}

static bool is_time(struct wn_str s)
{
	int64_t seconds;
	int32_t ns;
	return wn_rfc3339_parse(s, &seconds, &ns);
}

static bool is_version(struct wn_str s) { return wn_str_is(s, "1.0"); }

/* No control characters, no noncharacters (2.4, type system); the reader of JSON has refused lone surrogates already. */
static bool is_plain(struct wn_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		const unsigned char *p = (const unsigned char *)s.p + i;
		size_t left = s.n - i;
		if (*p < 0x20 || *p == 0x7f || (*p == 0xc2 && left > 1 && p[1] < 0xa0))
			return false;
		if (*p == 0xef && left > 2 && ((p[1] == 0xb7 && p[2] >= 0x90 && p[2] <= 0xaf) || (p[1] == 0xbf && p[2] >= 0xbe)))
			return false; /* U+FDD0..FDEF, U+FFFE, U+FFFF */
		if (*p >= 0xf0 && left > 3 && (p[1] & 0x0f) == 0x0f && p[2] == 0xbf && p[3] >= 0xbe)
			return false; /* the last two of every further plane */
	}
	return true;
}

/* --- the attributes ---- */
static const struct rule {
	const char *name;
	bool required;
	bool (*is)(struct wn_str);
	const char *what;
} rules[] = {
	{"specversion", true, is_version, "1.0"},
	{"id", true, NULL, NULL},
	{"source", true, is_uri_reference, "a URI reference"},
	{"type", true, NULL, NULL},
	{"datacontenttype", false, is_media_type, "a media type"},
	{"dataschema", false, is_uri, "an absolute URI"},
	{"subject", false, NULL, NULL},
	{"time", false, is_time, "a time of RFC 3339"},
};

static enum wn_rc check_rule(const struct rule *r, struct wn_value v, struct wn_err *err)
{
	if (v.kind == WN_ABSENT || v.kind == WN_NULL) /* null says unset (JSON format 2.2) */
		return r->required ? wn_fail(err, WN_INVALID, "%s is missing", r->name) : WN_OK;
	if (v.kind != WN_STRING || v.n == 0)
		return wn_fail(err, WN_INVALID, "%s: expected a text that is not empty", r->name);
	if (!is_plain(wn_value_str(v)))
		return wn_fail(err, WN_INVALID, "%s has control characters", r->name);
	if (r->is && !r->is(wn_value_str(v)))
		return wn_fail(err, WN_INVALID, "%s: expected %s", r->name, r->what);
	return WN_OK;
}

static bool is_core(struct wn_str name)
{
	for (size_t i = 0; i < WN_COUNT(rules); i++)
		if (wn_str_is(name, rules[i].name))
			return true;
	return wn_str_is(name, "data") || wn_str_is(name, "data_base64");
}

static bool is_attribute_name(struct wn_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9')))
			return false;
	return s.n > 0;
}

static enum wn_rc check_extension(struct wn_str name, struct wn_value v, struct wn_err *err)
{
	bool fits = v.kind == WN_NULL || v.kind == WN_BOOL || (v.kind == WN_STRING && is_plain(wn_value_str(v))) ||
		    (v.kind == WN_INT && v.i >= INT32_MIN && v.i <= INT32_MAX);
	if (!is_attribute_name(name))
		return wn_fail(err, WN_INVALID, "\"" WN_STR_FMT "\": names of attributes are lower-case letters and digits", WN_STR_ARG(name));
	return fits ? WN_OK : wn_fail(err, WN_INVALID, WN_STR_FMT ": an extension is a text, a boolean or a 32-bit integer", WN_STR_ARG(name));
}

static enum wn_rc check_data(struct wn_value event, struct wn_err *err)
{
	struct wn_value bytes = wn_value_at(event, "data_base64");
	struct wn_arena *a;
	struct wn_str decoded;
	if (bytes.kind == WN_ABSENT || bytes.kind == WN_NULL)
		return WN_OK;
	if (wn_value_at(event, "data").kind != WN_ABSENT)
		return wn_fail(err, WN_INVALID, "data and data_base64 exclude each other");
	a = wn_arena_new(0);
	bool ok = bytes.kind == WN_STRING && wn_base64_read(wn_value_str(bytes), a, &decoded);
	wn_arena_free(a);
	return ok ? WN_OK : wn_fail(err, WN_INVALID, "data_base64: expected base64");
}

enum wn_rc wn_cloudevent_check(struct wn_value event, struct wn_err *err)
{
	enum wn_rc rc = WN_OK;
	if (event.kind != WN_MAP)
		return wn_fail(err, WN_INVALID, "an event is a JSON object");
	for (size_t i = 0; i < WN_COUNT(rules) && rc == WN_OK; i++)
		rc = check_rule(&rules[i], wn_value_at(event, rules[i].name), err);
	for (size_t i = 0; i < event.n && rc == WN_OK; i++)
		if (!is_core(wn_value_str(event.map[i].key)))
			rc = check_extension(wn_value_str(event.map[i].key), event.map[i].value, err);
	return rc ? rc : check_data(event, err);
}

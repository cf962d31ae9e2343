/* SPDX-License-Identifier: MIT */
/*
 * Looking at a YAML tree: keys, paths, places, and files read under their ceiling. Builds nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <whynow/limits.h>
#include <whynow/yaml.h>

/* --- looking at a tree -------------------------------------------------------------------------------- */

static const struct wn_yaml_pair *find_pair(const struct wn_yaml_node *map, struct wn_str key)
{
	if (!map || map->kind != WN_YAML_MAPPING)
		return NULL;
	for (size_t i = 0; i < map->n; i++)
		if (wn_str_eq(map->pairs[i].key->text, key))
			return &map->pairs[i];
	return NULL;
}

struct wn_yaml_node *wn_yaml_get(const struct wn_yaml_node *map, const char *key)
{
	const struct wn_yaml_pair *p = find_pair(map, wn_str_of(key));
	return p ? p->value : NULL;
}

struct wn_yaml_node *wn_yaml_key(const struct wn_yaml_node *map, const char *key)
{
	const struct wn_yaml_pair *p = find_pair(map, wn_str_of(key));
	return p ? p->key : NULL;
}

struct wn_yaml_node *wn_yaml_find(const struct wn_yaml_node *map, const char *path)
{
	for (;;) {
		const char *dot = strchr(path, '.');
		struct wn_str head = {path, dot ? (size_t)(dot - path) : strlen(path)};
		const struct wn_yaml_pair *p = find_pair(map, head);
		if (!p || !dot)
			return p ? p->value : NULL;
		map = p->value;
		path = dot + 1;
	}
}

bool wn_yaml_is_null(const struct wn_yaml_node *n)
{
	if (!n || n->kind != WN_YAML_SCALAR || n->style != WN_YAML_PLAIN)
		return false;
	return n->text.n == 0 || wn_str_is(n->text, "~") || wn_str_is(n->text, "null") ||
	       wn_str_is(n->text, "Null") || wn_str_is(n->text, "NULL");
}

const char *wn_yaml_what(const struct wn_yaml_node *n)
{
	if (!n)
		return "nothing";
	if (n->kind != WN_YAML_SCALAR)
		return n->kind == WN_YAML_MAPPING ? "a mapping" : "a list";
	switch (wn_yaml_scalar_value(n).kind) {
	case WN_NULL: return "nothing";
	case WN_BOOL: return "true or false";
	case WN_INT:
	case WN_DOUBLE: return "a number";
	default: return "a string";
	}
}

/* --- places in texts ------------------------------------------------------------------------------------ */

struct follower {
	struct wn_str raw;
	size_t at;
	char quote; /* escapes as in this quote, 0: none */
	struct wn_place place;
};

static int peek(const struct follower *f, size_t ahead)
{
	return f->at + ahead < f->raw.n ? (unsigned char)f->raw.p[f->at + ahead] : -1;
}

static void pass(struct follower *f)
{
	int c = peek(f, 0);
	f->at++;
	if (c == '\n') {
		f->place.line++;
		f->place.column = 1;
	} else if ((c & 0xc0) != 0x80) {
		f->place.column++;
	}
}

/* Past a line break with the blanks on both sides of it, if there is one ahead: it reads as a blank or as line feeds. */
static void pass_break(struct follower *f)
{
	size_t n = 0, breaks = 0;
	int c;
	for (; (c = peek(f, n)) == ' ' || c == '\t' || c == '\n'; n++)
		breaks += c == '\n';
	while (breaks && n--)
		pass(f);
}

/* How many bytes the next character of the text is written in, and read as. */
static size_t width(const struct follower *f)
{
	int c = peek(f, 0), next = peek(f, 1);
	if (f->quote == '\'' && c == '\'')
		return 2;
	if (f->quote != '"' || c != '\\')
		return 1;
	return next == 'x' ? 4 : next == 'u' ? 6 : next == 'U' ? 10 : 2;
}

/* Reads the raw scalar along with its text. */
static struct wn_place follow(const struct wn_yaml_text *t, size_t chars)
{
	struct follower f = {*t->raw, 0, t->style == WN_YAML_SINGLE ? '\'' : t->style == WN_YAML_DOUBLE ? '"' : 0, t->at};
	bool folded = false;
	for (size_t i = 0; i < t->text.n && (chars > 0 || (t->text.p[i] & 0xc0) == 0x80); i++) {
		char c = t->text.p[i];
		if ((c & 0xc0) == 0x80)
			continue; /* the rest of a character */
		chars--;
		size_t before = f.at;
		if (c == ' ' || c == '\n')
			pass_break(&f);
		folded = f.at != before || (folded && c == '\n' && peek(&f, 0) != '\\');
		if (folded)
			continue;
		for (size_t n = width(&f); n > 0; n--)
			pass(&f);
		while ((peek(&f, 0) & 0xc0) == 0x80)
			pass(&f);
	}
	return f.place;
}

/* Characters of the text before a line and column of it. */
static size_t chars_before(struct wn_str text, int line, int column)
{
	size_t n = 0;
	for (size_t i = 0; i < text.n && (line > 1 || column > 1); i++) {
		bool first = (text.p[i] & 0xc0) != 0x80;
		n += first;
		if (line > 1)
			line -= text.p[i] == '\n';
		else
			column -= first;
	}
	return n;
}

struct wn_place wn_yaml_text_place(const struct wn_yaml_text *t, int line, int column)
{
	struct wn_place at = t->at;

	if (t->raw)
		return follow(t, chars_before(t->text, line, column));
	at.line += line > 1 ? line - 1 : 0;
	at.column += column > 1 ? column - 1 : 0;
	return at;
}

/* --- files -------------------------------------------------------------------------------------------- */

static enum wn_rc read_all(int fd, const char *path, struct wn_arena *a, struct wn_str *out, struct wn_err *err)
{
	struct stat st;

	if (fstat(fd, &st) ||
	    !(S_ISREG(st.st_mode) || S_ISCHR(st.st_mode))) /* /dev/null masks a vendor's file */
		return wn_fail(err, WN_INVALID, "%s: not a regular file", path);
	if (st.st_size > (off_t)WN_CONF_FILE_MAX)
		return wn_fail(err, WN_LIMIT, "%s: %lld bytes; at most %u are read", path,
			       (long long)st.st_size, WN_CONF_FILE_MAX);
	size_t cap = S_ISREG(st.st_mode) ? (size_t)st.st_size + 1 : 4096, n = 0;
	char *p = wn_arena_alloc(a, cap);
	while (n < cap) {
		ssize_t got = read(fd, p + n, cap - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return wn_fail(err, WN_INVALID, "%s: %s", path, strerror(errno));
		if (got == 0) {
			*out = (struct wn_str){p, n};
			return WN_OK;
		}
		n += (size_t)got;
	}
	return wn_fail(err, WN_AGAIN, "%s: changed while it was read", path);
}

enum wn_rc wn_yaml_load(const char *path, struct wn_arena *a, struct wn_yaml_docs *out, struct wn_err *err)
{
	const char *file = wn_arena_strdup(a, wn_str_of(path));
	struct wn_str text;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return wn_fail(err, errno == ENOENT ? WN_NOT_FOUND : WN_INVALID, "%s: %s", path,
			       strerror(errno));
	enum wn_rc rc = read_all(fd, path, a, &text, err);
	close(fd);
	return rc ? rc : wn_yaml_parse(text, file, a, out, err);
}

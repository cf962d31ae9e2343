/* SPDX-License-Identifier: MIT */
/*
 * The whole configuration: main file, then the folders (the vendor's files unless one of the same name replaces
 * them), then what the files mean together: names are unique, an attribute has one type over all kinds, feeds
 * and traits name kinds and attributes that exist. Either all of it is good or nothing is given.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <whynow/limits.h>

#include "parts.h"

struct loader {
	struct wn_config *c;
	struct wn_arena *a;
	struct wn_yaml_errors *errors;
	struct wn_feed_confs feeds;
	struct wn_sink_confs sinks;
	struct wn_kind_confs kinds;
	struct wn_trait_confs traits;
};

/* --- folders ------------------------------------------------------------------------------------------ */

struct file {
	const char *name, *path;
};
struct files {
	WN_VEC(struct file) list;
};

static bool has_file(const struct files *f, const char *name)
{
	for (size_t i = 0; i < f->list.n; i++)
		if (!strcmp(f->list.v[i].name, name))
			return true;
	return false;
}

static bool is_ours(const char *name)
{
	size_t n = strlen(name);
	return name[0] != '.' && n > 5 && !strcmp(name + n - 5, ".yaml");
}

/* A folder that is not there is empty. */
static void list_folder(struct loader *l, const char *folder, struct files *out)
{
	DIR *d = opendir(folder);
	struct dirent *entry;

	if (!d) {
		if (errno != ENOENT)
			wn_yaml_error(l->errors, (struct wn_place){folder, 0, 0}, "%s", strerror(errno));
		return;
	}
	while ((entry = readdir(d))) {
		if (!is_ours(entry->d_name) || has_file(out, entry->d_name))
			continue;
		if (out->list.n == WN_CONF_FILES_MAX) {
			wn_yaml_error(l->errors, (struct wn_place){folder, 0, 0}, "more than %d files",
				      WN_CONF_FILES_MAX);
			break;
		}
		char *name = wn_arena_strdup(l->a, wn_str_of(entry->d_name));
		*WN_PUSH(l->a, &out->list) = (struct file){name, wn_arena_printf(l->a, "%s/%s", folder, name)};
	}
	closedir(d);
}

static int by_file_name(const void *a, const void *b)
{
	return strcmp(((const struct file *)a)->name, ((const struct file *)b)->name);
}

typedef void take_docs(struct loader *l, const struct wn_yaml_docs *docs);

static void read_file(struct loader *l, const char *path, take_docs *take)
{
	struct wn_yaml_docs docs;
	struct wn_err err = {0};

	if (wn_yaml_load(path, l->a, &docs, &err)) {
		wn_yaml_error_add(l->errors, &err);
		return;
	}
	l->c->n_files++;
	take(l, &docs);
}

static void read_folder(struct loader *l, struct wn_str own, const char *vendor_name, take_docs *take)
{
	struct files files = {0};

	list_folder(l, own.p, &files);
	list_folder(l, wn_arena_printf(l->a, "%s/%s", l->c->options.dirs.vendor.p, vendor_name), &files);
	if (files.list.n)
		qsort(files.list.v, files.list.n, sizeof(*files.list.v), by_file_name);
	for (size_t i = 0; i < files.list.n; i++)
		read_file(l, files.list.v[i].path, take);
}

static void take_feeds(struct loader *l, const struct wn_yaml_docs *d)
{
	wn_conf_feeds(d, &l->c->options, l->a, &l->feeds, l->errors);
}
static void take_sinks(struct loader *l, const struct wn_yaml_docs *d)
{
	wn_conf_sinks(d, l->a, &l->sinks, l->errors);
}
static void take_kinds(struct loader *l, const struct wn_yaml_docs *d)
{
	wn_conf_kinds(d, l->a, &l->kinds, l->errors);
}
static void take_traits(struct loader *l, const struct wn_yaml_docs *d)
{
	wn_conf_traits(d, l->a, &l->traits, l->errors);
}

/* --- main file ---------------------------------------------------------------------------------------- */

static void absolute(struct loader *l, struct wn_str *path, const char *base)
{
	if (path->n && path->p[0] != '/')
		*path = wn_str_of(wn_arena_printf(l->a, "%s/%s", base, path->p));
}

static const char *folder_of(struct loader *l, const char *main_path)
{
	const char *slash = main_path ? strrchr(main_path, '/') : NULL;
	char here[4096];
	struct wn_str own = {main_path, slash ? (size_t)(slash - main_path) : 0};

	if (slash && main_path[0] == '/')
		return wn_arena_strdup(l->a, own);
	if (!getcwd(here, sizeof(here)))
		here[0] = '\0';
	return slash ? wn_arena_printf(l->a, "%s/%.*s", here, (int)own.n, own.p)
		     : wn_arena_strdup(l->a, wn_str_of(here));
}

static void resolve_dirs(struct loader *l, const char *main_path)
{
	const char *base = folder_of(l, main_path);
	struct wn_options *o = &l->c->options;
	struct wn_str *paths[] = {&o->dirs.feeds,   &o->dirs.sinks,  &o->dirs.kinds, &o->dirs.traits,
				  &o->dirs.extract, &o->dirs.extract_local, &o->dirs.vendor, &o->dirs.spool};

	for (size_t i = 0; i < WN_COUNT(paths); i++)
		absolute(l, paths[i], base);
}

static enum wn_rc read_main(struct loader *l, const struct wn_conf_request *req)
{
	const struct wn_yaml_node *root = NULL;
	struct wn_yaml_docs docs = {0};
	struct wn_err err = {0};
	size_t n;

	if (req->main_path) {
		enum wn_rc rc = wn_yaml_load(req->main_path, l->a, &docs, &err);
		if (rc && !(rc == WN_NOT_FOUND && req->main_optional)) {
			wn_yaml_error_add(l->errors, &err);
			return WN_INVALID;
		}
		if (docs.n > 1)
			wn_yaml_error(l->errors, wn_yaml_place(docs.v[1].root),
				      "the main file is one document");
		root = docs.n ? docs.v[0].root : NULL;
		l->c->n_files += rc == WN_OK;
	}
	(void)wn_options_table(&n);
	struct wn_place *at = WN_NEW_N(l->a, struct wn_place, n);
	l->c->option_at = at;
	enum wn_rc rc = wn_conf_options(root, req->sets, l->a, &l->c->options, at, l->errors);
	if (!rc)
		resolve_dirs(l, req->main_path);
	return rc;
}

/* --- names are unique --------------------------------------------------------------------------------- */

static int by_feed(const void *a, const void *b)
{
	return wn_str_cmp(((const struct wn_feed_conf *)a)->name, ((const struct wn_feed_conf *)b)->name);
}
static int by_sink(const void *a, const void *b)
{
	return wn_str_cmp(((const struct wn_sink_conf *)a)->name, ((const struct wn_sink_conf *)b)->name);
}
static int by_kind(const void *a, const void *b)
{
	return wn_str_cmp(((const struct wn_kind_conf *)a)->name, ((const struct wn_kind_conf *)b)->name);
}
static int by_trait(const void *a, const void *b)
{
	const struct wn_trait_conf *x = a, *y = b;
	return x->of != y->of ? (int)x->of - (int)y->of : wn_str_cmp(x->name, y->name);
}

/* Files are read in the order of their names: the later place is the second. */
static void report_twin(struct loader *l, const char *what, struct wn_str name, struct wn_place a,
			struct wn_place b)
{
	int order = strcmp(a.file, b.file);
	bool swap = order > 0 || (order == 0 && (a.line > b.line || (a.line == b.line && a.column > b.column)));
	struct wn_place first = swap ? b : a, second = swap ? a : b;

	wn_yaml_error(l->errors, second, "%s \"" WN_STR_FMT "\" is given twice (first in %s:%d)", what,
		      WN_STR_ARG(name), first.file, first.line);
}

#define SORT_AND_REFUSE_TWINS(l, what, list, compare)                                                          \
	do {                                                                                                   \
		if ((list).n > WN_CONF_THINGS_MAX)                                                             \
			wn_yaml_error((l)->errors, (list).v[0].at, "more than %d %ss", WN_CONF_THINGS_MAX,     \
				      what);                                                                   \
		if ((list).n)                                                                                  \
			qsort((list).v, (list).n, sizeof(*(list).v), compare);                                 \
		for (size_t i_ = 1; i_ < (list).n; i_++)                                                       \
			if (!compare(&(list).v[i_ - 1], &(list).v[i_]))                                        \
				report_twin(l, what, (list).v[i_].name, (list).v[i_ - 1].at, (list).v[i_].at); \
	} while (0)

/* --- names exist -------------------------------------------------------------------------------------- */

static bool same_values(const struct wn_yaml_strings *a, const struct wn_yaml_strings *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!wn_str_eq(a->v[i], b->v[i]))
			return false;
	return true;
}

static int by_attr(const void *a, const void *b)
{
	const struct wn_attr_conf *x = *(const struct wn_attr_conf *const *)a,
				  *y = *(const struct wn_attr_conf *const *)b;
	int c = wn_str_cmp(x->name, y->name);

	if (!c)
		c = strcmp(x->at.file, y->at.file);
	return c ? c : (x->at.line > y->at.line) - (x->at.line < y->at.line);
}

/* An attribute name has one type over all kinds: rules read signals without knowing the kind. */
static void refuse_second_types(struct loader *l)
{
	WN_VEC(const struct wn_attr_conf *) all = {0};

	for (size_t k = 0; k < l->kinds.list.n; k++)
		for (size_t i = 0; i < l->kinds.list.v[k].n_attributes; i++)
			*WN_PUSH(l->a, &all) = &l->kinds.list.v[k].attributes[i];
	if (all.n)
		qsort(all.v, all.n, sizeof(*all.v), by_attr);
	for (size_t i = 1, first = 0; i < all.n; i++) {
		const struct wn_attr_conf *x = all.v[first], *y = all.v[i];
		if (!wn_str_eq(x->name, y->name))
			first = i;
		else if (x->type != y->type)
			wn_yaml_error(l->errors, y->at,
				      "attribute \"" WN_STR_FMT
				      "\" is %s here and %s in %s:%d: an attribute has one type over all kinds",
				      WN_STR_ARG(y->name), wn_conf_type_to_text(y->type),
				      wn_conf_type_to_text(x->type), x->at.file, x->at.line);
		else if (!same_values(&x->values, &y->values))
			wn_yaml_error(l->errors, y->at,
				      "attribute \"" WN_STR_FMT "\" has other values here than in %s:%d: an "
								"attribute has one type over all kinds",
				      WN_STR_ARG(y->name), x->at.file, x->at.line);
	}
}

static const struct wn_kind_conf *need_kind(struct loader *l, struct wn_str name, struct wn_place at,
					    const char *what)
{
	struct wn_kind_conf key = {.name = name};
	const struct wn_kind_conf *k =
		l->kinds.list.n ? bsearch(&key, l->kinds.list.v, l->kinds.list.n, sizeof(key), by_kind) : NULL;

	if (k)
		return k;
	const char **names = WN_NEW_N(l->a, const char *, l->kinds.list.n + 1);
	for (size_t i = 0; i < l->kinds.list.n; i++)
		names[i] = l->kinds.list.v[i].name.p;
	const char *near = wn_nearest(name, names, l->kinds.list.n);
	wn_yaml_error(l->errors, at, "%s: no such kind: \"" WN_STR_FMT "\"%s%s%s", what, WN_STR_ARG(name),
		      near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	return NULL;
}

static void need_attr(struct loader *l, const struct wn_kind_conf *k, struct wn_str name, struct wn_place at)
{
	if (wn_kind_attr(k, name))
		return;
	const char **names = WN_NEW_N(l->a, const char *, k->n_attributes + 1);
	for (size_t i = 0; i < k->n_attributes; i++)
		names[i] = k->attributes[i].name.p;
	const char *near = wn_nearest(name, names, k->n_attributes);
	wn_yaml_error(l->errors, at, "kind \"" WN_STR_FMT "\" has no attribute \"" WN_STR_FMT "\"%s%s%s",
		      WN_STR_ARG(k->name), WN_STR_ARG(name), near ? "; did you mean \"" : "", near ? near : "",
		      near ? "\"?" : "");
}

static void need_trait(struct loader *l, struct wn_str name, struct wn_place at)
{
	static const char prefix[] = "contact.";
	size_t skip = name.n > sizeof(prefix) - 1 && !memcmp(name.p, prefix, sizeof(prefix) - 1)
			      ? sizeof(prefix) - 1
			      : 0;
	struct wn_trait_conf key = {.name = {name.p + skip, name.n - skip},
				    .of = skip ? WN_CONF_OF_CONTACT : WN_CONF_OF_ACCOUNT};

	if (l->traits.list.n && bsearch(&key, l->traits.list.v, l->traits.list.n, sizeof(key), by_trait))
		return;
	const char **names = WN_NEW_N(l->a, const char *, l->traits.list.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < l->traits.list.n; i++)
		if (l->traits.list.v[i].of == key.of)
			names[n++] = l->traits.list.v[i].name.p;
	const char *near = wn_nearest(key.name, names, n);
	wn_yaml_error(l->errors, at, "traits: %s has no trait \"" WN_STR_FMT "\"%s%s%s",
		      skip ? "a contact" : "an account", WN_STR_ARG(key.name), near ? "; did you mean \"" : "",
		      near ? near : "", near ? "\"?" : "");
}

static void check_feed_names(struct loader *l, const struct wn_feed_conf *f)
{
	const struct wn_yaml_node *kinds = wn_yaml_find(f->node, "reports.kinds");

	for (size_t i = 0; i < f->reports.kinds.n; i++)
		(void)need_kind(l, f->reports.kinds.v[i],
				wn_yaml_place(kinds->kind == WN_YAML_SEQUENCE ? kinds->items[i] : kinds),
				"reports");
	const struct wn_kind_conf *k =
		f->signal_kind.p ? need_kind(l, f->signal_kind, f->signal_kind_at, "signal") : NULL;
	for (size_t i = 0; k && i < f->signal.n; i++)
		need_attr(l, k, f->signal.v[i].name, f->signal.v[i].at);
	for (size_t i = 0; i < f->traits.n; i++)
		need_trait(l, f->traits.v[i].name, f->traits.v[i].at);
}

static void check_trait_names(struct loader *l, const struct wn_trait_conf *t)
{
	const struct wn_yaml_node *kinds = wn_yaml_find(t->node, "from.kinds"),
				  *attribute = wn_yaml_find(t->node, "from.attribute");
	bool found = false;

	if (!t->from.node)
		return;
	for (size_t i = 0; i < t->from.kinds.n; i++) {
		struct wn_place at = wn_yaml_place(kinds->kind == WN_YAML_SEQUENCE ? kinds->items[i] : kinds);
		const struct wn_kind_conf *k = need_kind(l, t->from.kinds.v[i], at, "from");
		if (k)
			need_attr(l, k, t->from.attribute, wn_yaml_place(attribute));
	}
	for (size_t i = 0; i < l->kinds.list.n; i++) {
		const struct wn_attr_conf *attr = wn_kind_attr(&l->kinds.list.v[i], t->from.attribute);
		found |= attr != NULL;
		if (attr && attr->type != t->type &&
		    !(attr->type == WN_CONF_TYPE_STRING && t->type == WN_CONF_TYPE_ENUM)) {
			wn_yaml_error(l->errors, wn_yaml_place(attribute),
				      "trait \"" WN_STR_FMT "\" is %s, the attribute is %s",
				      WN_STR_ARG(t->name), wn_conf_type_to_text(t->type),
				      wn_conf_type_to_text(attr->type));
			return;
		}
	}
	if (!found && !t->from.kinds.n)
		wn_yaml_error(l->errors, wn_yaml_place(attribute),
			      "no kind has an attribute \"" WN_STR_FMT "\"", WN_STR_ARG(t->from.attribute));
}

static void check_together(struct loader *l)
{
	SORT_AND_REFUSE_TWINS(l, "feed", l->feeds.list, by_feed);
	SORT_AND_REFUSE_TWINS(l, "sink", l->sinks.list, by_sink);
	SORT_AND_REFUSE_TWINS(l, "kind", l->kinds.list, by_kind);
	SORT_AND_REFUSE_TWINS(l, "trait", l->traits.list, by_trait);
	refuse_second_types(l);
	for (size_t i = 0; i < l->feeds.list.n; i++)
		check_feed_names(l, &l->feeds.list.v[i]);
	for (size_t i = 0; i < l->traits.list.n; i++)
		check_trait_names(l, &l->traits.list.v[i]);
}

/* --- the whole ---------------------------------------------------------------------------------------- */

static void read_folders(struct loader *l)
{
	const struct wn_options *o = &l->c->options;
	size_t before = wn_yaml_errors_count(l->errors);

	read_folder(l, o->dirs.kinds, "kinds.d", take_kinds);
	read_folder(l, o->dirs.traits, "traits.d", take_traits);
	read_folder(l, o->dirs.feeds, "feeds.d", take_feeds);
	read_folder(l, o->dirs.sinks, "sinks.d", take_sinks);
	if (wn_yaml_errors_count(l->errors) == before) /* else half of what is named would seem to be missing */
		check_together(l);
}

enum wn_rc wn_conf_load_all(const struct wn_conf_request *req, struct wn_config **out,
			    struct wn_yaml_errors *errors)
{
	struct wn_arena *a = wn_arena_new(0);
	struct loader l = {.c = WN_NEW(a, struct wn_config), .a = a, .errors = errors};
	size_t before = wn_yaml_errors_count(errors);

	l.c->arena = a;
	if (!read_main(&l, req) && !req->options_only)
		read_folders(&l);
	if (wn_yaml_errors_count(errors) != before) {
		wn_yaml_errors_sort(errors);
		wn_arena_free(a);
		return WN_INVALID;
	}
	l.c->feeds = l.feeds.list.v;
	l.c->n_feeds = l.feeds.list.n;
	l.c->sinks = l.sinks.list.v;
	l.c->n_sinks = l.sinks.list.n;
	l.c->kinds = l.kinds.list.v;
	l.c->n_kinds = l.kinds.list.n;
	l.c->traits = l.traits.list.v;
	l.c->n_traits = l.traits.list.n;
	l.c->n_disabled = l.feeds.n_disabled + l.sinks.n_disabled;
	*out = l.c;
	return WN_OK;
}

void wn_config_free(struct wn_config *c)
{
	if (c)
		wn_arena_free(c->arena);
}

void wn_config_freep(struct wn_config **c)
{
	wn_config_free(*c);
	*c = NULL;
}

const struct wn_feed_conf *wn_config_feed(const struct wn_config *c, struct wn_str name)
{
	struct wn_feed_conf key = {.name = name};
	return c->n_feeds ? bsearch(&key, c->feeds, c->n_feeds, sizeof(key), by_feed) : NULL;
}

const struct wn_sink_conf *wn_config_sink(const struct wn_config *c, struct wn_str name)
{
	struct wn_sink_conf key = {.name = name};
	return c->n_sinks ? bsearch(&key, c->sinks, c->n_sinks, sizeof(key), by_sink) : NULL;
}

const struct wn_kind_conf *wn_config_kind(const struct wn_config *c, struct wn_str name)
{
	struct wn_kind_conf key = {.name = name};
	return c->n_kinds ? bsearch(&key, c->kinds, c->n_kinds, sizeof(key), by_kind) : NULL;
}

const struct wn_trait_conf *wn_config_trait(const struct wn_config *c, enum wn_conf_of of, struct wn_str name)
{
	struct wn_trait_conf key = {.name = name, .of = of};
	return c->n_traits ? bsearch(&key, c->traits, c->n_traits, sizeof(key), by_trait) : NULL;
}

const struct wn_attr_conf *wn_config_attr(const struct wn_config *c, struct wn_str name)
{
	for (size_t i = 0; i < c->n_kinds; i++) {
		const struct wn_attr_conf *attr = wn_kind_attr(&c->kinds[i], name);
		if (attr)
			return attr;
	}
	return NULL;
}

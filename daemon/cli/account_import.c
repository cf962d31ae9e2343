/* SPDX-License-Identifier: MIT */
/* `account import`: domain, name and traits of accounts. */
#include "import.h"
#include <whynow/text.h>

enum { F_DOMAIN, F_NAME, F_ALIASES, ALIASES_MAX = 20 };
#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct import_name fields[] = {
    {"domain", NAMES("website", "web", "url", "company_domain", "company_domain_name", "company_website",
		     "website_url", "homepage", "home_page", "primary_domain", "account_website",
		     "account_domain", "organization_website", "web_site", "domain_name", "email_domain")},
    {"name", NAMES("company", "company_name", "account", "account_name", "organization", "organisation",
		   "organization_name", "org_name", "company_account", "business_name")},
    {"aliases", NAMES("alias", "also_known_as", "aka", "other_names", "former_name", "former_names", "alternate_names",
		      "trading_name", "dba", "doing_business_as", "brands")},
};

/* A parent is told by its domain, however the address is written. */
static void prepare_parent(struct import *im, struct import_line *line)
{
	struct wn_str domain;
	for (size_t i = 0; i < line->n_traits; i++)
		if (wn_str_is(line->traits[i].name, "parent") &&
		    wn_domain_registrable(wn_value_str(line->traits[i].v), im->cli->arena, &domain))
			line->traits[i].v = wn_string(domain);
}

static const char *prepare(struct import *im, struct import_line *line)
{
	struct wn_str *domain = &line->fields[F_DOMAIN], *name = &line->fields[F_NAME], registrable;
	prepare_parent(im, line);
	if (domain->n) {
		bool ok = wn_domain_registrable(*domain, im->cli->arena, &registrable);
		bool shared = ok && wn_domain_is_shared(registrable);
		if (ok && !shared) {
			*domain = registrable;
			return NULL;
		}
		const char *why = wn_arena_printf(
		    im->cli->arena, shared ? "%s hosts many companies: it names none" : "\"%s\" is no domain",
		    cli_clip(im->cli, cli_clean(im->cli, shared ? registrable : *domain), 60));
		if (!name->n)
			return why;
		import_remark(im, line->number, wn_arena_printf(im->cli->arena, "domain is left out: %s", why));
		*domain = (struct wn_str){NULL, 0};
	}
	return domain->n || name->n ? NULL : "names no account: a domain or a name is needed";
}

/* "Acme; Acme Robots" cut at the semicolons. */
static size_t cut_aliases(struct wn_world *w, struct wn_str text, const struct wn_str **out)
{
	struct wn_str *v = WN_NEW_N(w->arena, struct wn_str, ALIASES_MAX);
	size_t n = 0;
	while (text.n && n < ALIASES_MAX) {
		const char *end = memchr(text.p, ';', text.n);
		struct wn_str one = {text.p, end ? (size_t)(end - text.p) : text.n};
		text.p += one.n + (end != NULL);
		text.n -= one.n + (end != NULL);
		one = wn_text_trim(one);
		if (one.n)
			v[n++] = one;
	}
	*out = v;
	return n;
}

static enum wn_rc store(struct import *im, struct wn_store *s, struct wn_world *w,
			const struct import_line *lines, size_t n, struct wn_import_row *rows,
			struct wn_err *err)
{
	struct wn_import_account *in = WN_NEW_N(w->arena, struct wn_import_account, n + 1);
	for (size_t i = 0; i < n; i++) {
		in[i] = (struct wn_import_account){.domain = lines[i].fields[F_DOMAIN],
						   .name = lines[i].fields[F_NAME],
						   .traits = lines[i].traits,
						   .n_traits = lines[i].n_traits};
		in[i].n_aliases = cut_aliases(w, lines[i].fields[F_ALIASES], &in[i].aliases);
	}
	return wn_store_import_accounts(s, w, in, n, WN_TRUST_IMPORTED, im->by, rows, err);
}

static int run(struct wn_cli *cli, int argc WN_UNUSED, char **argv)
{
	struct import im = {.cli = cli,
			    .what = "account",
			    .of = WN_TRAIT_ACCOUNT,
			    .fields = fields,
			    .n_fields = WN_COUNT(fields),
			    .store = store,
			    .prepare = prepare};
	return import_run(&im, argv[0]);
}

const struct wn_command command_account_import = {
    .name = "account import",
    .args = "FILE",
    .min_args = 1,
    .max_args = 1,
    .summary = "accounts and their traits from CSV or JSON lines",
    .more = "Columns are guessed from the headers that customer databases export (--dry-run shows the guess). "
	    "An empty cell changes nothing; imported values "
	    "beat those of feeds and yield to declared ones; every change is put to the rules at once. Exit "
	    "code 1 if a line was refused.",
    .options = import_options,
    .run = run,
};

/* SPDX-License-Identifier: MIT */
/* `account import`: domain, name and traits of accounts. */
#include "import.h"
#include <whynow/text.h>

enum { F_DOMAIN, F_NAME };
#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct import_name fields[] = {
    {"domain", NAMES("website", "web", "url", "company_domain", "company_domain_name", "company_website",
		     "website_url", "homepage", "home_page", "primary_domain", "account_website",
		     "account_domain", "organization_website", "web_site", "domain_name", "email_domain")},
    {"name", NAMES("company", "company_name", "account", "account_name", "organization", "organisation",
		   "organization_name", "org_name", "company_account", "business_name")},
};

static const char *prepare(struct import *im, struct import_line *line)
{
	struct wn_str *domain = &line->fields[F_DOMAIN], *name = &line->fields[F_NAME], registrable;
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

static enum wn_rc store(struct import *im, struct wn_store *s, struct wn_world *w,
			const struct import_line *lines, size_t n, struct wn_import_row *rows,
			struct wn_err *err)
{
	struct wn_import_account *in = WN_NEW_N(w->arena, struct wn_import_account, n + 1);
	for (size_t i = 0; i < n; i++)
		in[i] = (struct wn_import_account){lines[i].fields[F_DOMAIN], lines[i].fields[F_NAME],
						   lines[i].traits, lines[i].n_traits};
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

/* SPDX-License-Identifier: MIT */
/*
 * Which column of a file is what: by --map, else by its header as customer databases export it. What no name is
 * known for is left out, and said so: a guess is shown by --dry-run before anything is stored.
 */
#include "import.h"
#include <whynow/limits.h>
#include <whynow/text.h>

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Traits under other names than their own; a trait that the registry does not have is never guessed. */
static const struct import_name account_traits[] = {
    {"employees",
     NAMES("number_of_employees", "employee_count", "num_employees", "no_of_employees", "no_employees",
	   "headcount", "company_size", "size", "employees_count", "full_time_employees")},
    {"country", NAMES("country_region", "billing_country", "company_country", "hq_country", "country_code",
		      "account_country", "billing_country_code")},
    {"city", NAMES("billing_city", "company_city", "hq_city", "account_city")},
    {"industry", NAMES("sector", "vertical", "company_industry", "industry_group")},
    {"revenue_usd", NAMES("annual_revenue", "revenue", "company_revenue", "annual_revenue_usd")},
    {"founded_year", NAMES("year_founded", "founded", "founding_year")},
    {"technologies", NAMES("tech_stack", "technology", "web_technologies", "technologies_used")},
    {"owner", NAMES("account_owner", "company_owner", "owner_email", "account_owner_email")},
    {"time_zone", NAMES("timezone", "tz")},
    {"customer", NAMES("is_customer")},
    {"open_opportunity", NAMES("has_open_opportunity", "open_deal")},
    {"do_not_contact", NAMES("dnc", "opted_out", "unsubscribed")},
    {"parent", NAMES("parent_company", "parent_account", "parent_domain", "parent_company_domain", "parent_website", "ultimate_parent")},
    {"tags", NAMES("labels", "tag")},
    {NULL, NULL},
};
static const struct import_name contact_traits[] = {
    {"phone", NAMES("phone_number", "mobile", "mobile_phone", "work_phone", "direct_phone", "telephone")},
    {"linkedin", NAMES("linkedin_url", "person_linkedin_url", "linkedin_profile", "linkedin_profile_url")},
    {"country", NAMES("country_region", "mailing_country", "country_code")},
    {"language", NAMES("preferred_language", "lang", "locale")},
    {"do_not_contact",
     NAMES("dnc", "opted_out", "unsubscribed", "email_opt_out", "has_opted_out_of_email", "do_not_call")},
    {"tags", NAMES("labels", "tag")},
    {NULL, NULL},
};

/* "Company Domain Name" -> "company_domain_name", "# Employees" -> "employees" */
static const char *folded(struct import *im, struct wn_str header)
{
	struct wn_str s = wn_text_fold(header, im->cli->arena);
	char *out = wn_arena_alloc(im->cli->arena, s.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
		if (word)
			out[n++] = c;
		else if (n && out[n - 1] != '_')
			out[n++] = '_';
	}
	while (n && out[n - 1] == '_')
		n--;
	out[n] = '\0';
	return out;
}

static bool is_one_of(const struct import_name *name, const char *header)
{
	if (strcmp(name->target, header) == 0)
		return true;
	for (const char *const *h = name->headers; h && *h; h++)
		if (strcmp(*h, header) == 0)
			return true;
	return false;
}

static int trait_named(const struct import *im, const char *name)
{
	return wn_registry_trait_number(im->cli->book->registry, im->of, wn_str_of(name));
}

static void guess(struct import *im, struct import_column *c)
{
	const char *header = folded(im, c->header);
	const struct import_name *traits = im->of == WN_TRAIT_ACCOUNT ? account_traits : contact_traits;
	for (size_t i = 0; i < im->n_fields && c->field < 0; i++)
		if (is_one_of(&im->fields[i], header))
			c->field = (int)i;
	if (c->field < 0)
		c->trait = trait_named(im, header);
	for (; c->field < 0 && c->trait < 0 && traits->target; traits++)
		if (is_one_of(traits, header))
			c->trait = trait_named(im, traits->target);
}

/* Two columns of one meaning: the first one is it, the others are left out. */
static void drop_repeats(struct import *im)
{
	for (size_t i = 0; i < im->n_columns; i++)
		for (size_t k = 0; k < i; k++) {
			struct import_column *a = &im->columns[k], *b = &im->columns[i];
			if ((b->field >= 0 && a->field == b->field) || (b->trait >= 0 && a->trait == b->trait))
				b->field = b->trait = -1;
		}
}

static int bad_target(struct import *im, const char *target)
{
	struct wn_cli *cli = im->cli;
	const struct wn_registry *r = cli->book->registry;
	const char **names = WN_NEW_N(cli->arena, const char *, im->n_fields + wn_registry_traits(r));
	struct wn_buf b;
	size_t n = 0;
	wn_buf_init(&b, 4000);
	for (size_t i = 0; i < im->n_fields; i++)
		names[n++] = im->fields[i].target;
	for (size_t i = 0; i < wn_registry_traits(r); i++)
		if (wn_registry_trait(r, (int)i)->of == im->of)
			names[n++] = wn_registry_trait(r, (int)i)->name;
	for (size_t i = 0; i < n; i++)
		wn_buf_printf(&b, "%s%s", i ? " " : "", names[i]);
	const char *near = wn_nearest(wn_str_of(target), names, n);
	cli_error(cli, WN_EXIT_USAGE, "--map: an %s has nothing called \"%s\"%s%s%s", im->what, target,
		  near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	cli_hint(cli, "there are: %s", b.p);
	wn_buf_done(&b);
	return WN_EXIT_USAGE;
}

/* --map HEADER=TARGET; nothing behind the = leaves the column out. */
static int map_column(struct import *im, const char *text)
{
	const char *eq = strrchr(text, '=');
	struct import_column *c = NULL;
	if (!eq)
		return cli_error(im->cli, WN_EXIT_USAGE, "--map wants HEADER=NAME, not \"%s\"", text);
	struct wn_str header = {text, (size_t)(eq - text)};
	for (size_t i = 0; i < im->n_columns; i++)
		if (wn_str_eq(im->columns[i].header, header))
			c = &im->columns[i];
	if (!c)
		return cli_error(im->cli, WN_EXIT_USAGE, "--map: the file has no column \"" WN_STR_FMT "\"",
				 WN_STR_ARG(header));
	c->field = c->trait = -1;
	if (!eq[1])
		return 0;
	for (size_t i = 0; i < im->n_fields; i++)
		if (strcmp(im->fields[i].target, eq + 1) == 0)
			c->field = (int)i;
	if (c->field < 0)
		c->trait = trait_named(im, eq + 1);
	for (size_t i = 0; i < im->n_columns; i++) /* what was said wins over what was guessed */
		if (&im->columns[i] != c && ((c->field >= 0 && im->columns[i].field == c->field) ||
					     (c->trait >= 0 && im->columns[i].trait == c->trait)))
			im->columns[i].field = im->columns[i].trait = -1;
	return c->field < 0 && c->trait < 0 ? bad_target(im, eq + 1) : 0;
}

static void add_column(struct import *im, struct wn_str header)
{
	for (size_t i = 0; i < im->n_columns; i++)
		if (wn_str_eq(im->columns[i].header, header))
			return;
	if (im->n_columns < WN_CSV_COLUMNS_MAX)
		im->columns[im->n_columns++] = (struct import_column){header, -1, -1};
}

/* The members of the first lines: JSON lines need not all have the same. */
static void collect(struct import *im)
{
	enum { LOOKED_AT = 1000 };
	im->columns = WN_NEW_N(im->cli->arena, struct import_column, WN_CSV_COLUMNS_MAX);
	for (size_t i = 0; i < im->doc.items_n && i < LOOKED_AT; i++) {
		struct wn_value v = im->doc.items[i].value;
		for (size_t k = 0; v.kind == WN_MAP && k < v.n; k++)
			add_column(im, wn_value_str(v.map[k].key));
	}
}

int import_columns(struct import *im)
{
	int code = 0;
	collect(im);
	for (size_t i = 0; i < im->n_columns; i++)
		guess(im, &im->columns[i]);
	drop_repeats(im);
	for (size_t i = 0; i < im->cli->n_values && code == 0; i++)
		if (strcmp(im->cli->values[i].name, "--map") == 0)
			code = map_column(im, im->cli->values[i].value);
	return code;
}

const char *import_target(const struct import *im, const struct import_column *c)
{
	if (c->field >= 0)
		return im->fields[c->field].target;
	if (c->trait >= 0)
		return wn_arena_printf(
		    im->cli->arena, "trait %s (%s)", wn_registry_trait(im->cli->book->registry, c->trait)->name,
		    wn_attr_type_to_text(wn_registry_trait(im->cli->book->registry, c->trait)->type));
	return "-";
}

void import_show_columns(struct import *im)
{
	static const struct cli_column columns[] = {{"COLUMN", 0}, {"BECOMES", 0}, {"FOR EXAMPLE", CLI_CLIP}};
	struct cli_table t;
	cli_table_begin(&t, im->cli, columns, WN_COUNT(columns));
	for (size_t i = 0; i < im->n_columns; i++) {
		const char *example = "";
		for (size_t k = 0; k < im->doc.items_n && k < 20 && !*example; k++)
			example = cli_value_text(im->cli,
						 wn_value_get(im->doc.items[k].value, im->columns[i].header));
		CLI_LINE(&t, cli_clean(im->cli, im->columns[i].header), import_target(im, &im->columns[i]),
			 example);
	}
	cli_table_end(&t);
}

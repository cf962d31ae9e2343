/* SPDX-License-Identifier: MIT */
/* `contact import`: people at accounts. Department and level come from the position where the file does not say
 * them. */
#include "import.h"
#include <whynow/text.h>

enum {
	F_EMAIL,
	F_NAME,
	F_FIRST,
	F_LAST,
	F_POSITION,
	F_DEPARTMENT,
	F_LEVEL,
	F_TIME_ZONE,
	F_CONSENT,
	F_DOMAIN,
	F_ACCOUNT
};
#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct import_name fields[] = {
    [F_EMAIL] = {"email", NAMES("email_address", "e_mail", "e_mail_address", "work_email", "primary_email",
				"business_email", "mail", "contact_email")},
    [F_NAME] = {"name", NAMES("full_name", "fullname", "contact_name", "contact", "person")},
    [F_FIRST] = {"first_name", NAMES("firstname", "given_name", "first", "forename")},
    [F_LAST] = {"last_name", NAMES("lastname", "surname", "family_name", "last")},
    [F_POSITION] = {"position", NAMES("title", "job_title", "jobtitle", "role", "job_position", "headline")},
    [F_DEPARTMENT] = {"department", NAMES("dept", "function")},
    [F_LEVEL] = {"level", NULL},
    [F_TIME_ZONE] = {"time_zone", NAMES("timezone", "tz")},
    [F_CONSENT] = {"consent", NAMES("legal_basis", "opt_in", "consent_status",
				    "legal_basis_for_processing_contact_s_data")},
    [F_DOMAIN] = {"account_domain", NAMES("domain", "company_domain", "company_domain_name", "website",
					  "company_website", "website_url", "account_website", "company_url")},
    [F_ACCOUNT] = {"account_name", NAMES("company", "company_name", "account", "organization", "organisation",
					 "organization_name", "associated_company", "employer")},
};
_Static_assert(WN_COUNT(fields) <= IMPORT_FIELDS_MAX, "the lines have room for the fields");

static bool is_department(struct wn_str s)
{
	for (const char *const *d = wn_departments; *d; d++)
		if (wn_str_is(s, *d))
			return true;
	return false;
}

static void prepare_position(struct import *im, struct import_line *line)
{
	struct wn_str *department = &line->fields[F_DEPARTMENT], *level = &line->fields[F_LEVEL];
	const struct wn_positions *table = cli_positions(im->cli);
	if (department->n) {
		struct wn_str lower = wn_text_lower_ascii(*department, im->cli->arena);
		struct wn_position p = table ? wn_positions_look(table, *department, im->cli->arena)
					     : (struct wn_position){NULL, 0};
		*department = is_department(lower) ? lower
			      : p.department       ? wn_str_of(p.department)
						   : (struct wn_str){NULL, 0};
	}
	int64_t number;
	if (level->n &&
	    (!cli_int_parse(wn_arena_strdup(im->cli->arena, *level), &number) || number < 1 || number > 7)) {
		import_remark(im, line->number, "level is left out: it is a number from 1 to 7");
		*level = (struct wn_str){NULL, 0};
	}
	if (!line->fields[F_POSITION].n || !table)
		return;
	struct wn_position p = wn_positions_look(table, line->fields[F_POSITION], im->cli->arena);
	if (!department->n && p.department)
		*department = wn_str_of(p.department);
	if (!level->n && p.level)
		*level = wn_str_of(wn_arena_printf(im->cli->arena, "%d", p.level));
}

static const char *prepare_account(struct import *im, struct import_line *line)
{
	struct wn_str *domain = &line->fields[F_DOMAIN], registrable;
	if (domain->n && wn_domain_registrable(*domain, im->cli->arena, &registrable) &&
	    !wn_domain_is_shared(registrable))
		*domain = registrable;
	else if (domain->n) {
		import_remark(im, line->number, "the account's domain is left out: it names no company");
		*domain = (struct wn_str){NULL, 0};
	}
	return domain->n || line->fields[F_ACCOUNT].n || line->fields[F_EMAIL].n
		   ? NULL
		   : "says of no account: a domain, a company or an address is needed";
}

static const char *prepare(struct import *im, struct import_line *line)
{
	struct wn_str *name = &line->fields[F_NAME], *email = &line->fields[F_EMAIL], address;
	if (!name->n && (line->fields[F_FIRST].n || line->fields[F_LAST].n))
		*name = wn_text_trim(wn_str_of(wn_arena_printf(im->cli->arena, WN_STR_FMT " " WN_STR_FMT,
							       WN_STR_ARG(line->fields[F_FIRST]),
							       WN_STR_ARG(line->fields[F_LAST]))));
	if (email->n && !wn_email_normalise(*email, im->cli->arena, &address))
		return wn_arena_printf(im->cli->arena, "\"%s\" is no mail address",
				       cli_clip(im->cli, cli_clean(im->cli, *email), 60));
	if (email->n)
		*email = address;
	if (!email->n && !name->n)
		return "names nobody: an address or a name is needed";
	prepare_position(im, line);
	return prepare_account(im, line);
}

static enum wn_rc store(struct import *im, struct wn_store *s, struct wn_world *w,
			const struct import_line *lines, size_t n, struct wn_import_row *rows,
			struct wn_err *err)
{
	struct wn_import_contact *in = WN_NEW_N(w->arena, struct wn_import_contact, n + 1);
	for (size_t i = 0; i < n; i++) {
		const struct wn_str *f = lines[i].fields;
		in[i] = (struct wn_import_contact){.account_domain = f[F_DOMAIN],
						   .account_name = f[F_ACCOUNT],
						   .email = f[F_EMAIL],
						   .name = f[F_NAME],
						   .position = f[F_POSITION],
						   .department = f[F_DEPARTMENT],
						   .time_zone = f[F_TIME_ZONE],
						   .consent = f[F_CONSENT],
						   .level = f[F_LEVEL].n ? f[F_LEVEL].p[0] - '0' : 0,
						   .traits = lines[i].traits,
						   .n_traits = lines[i].n_traits};
	}
	return wn_store_import_contacts(s, w, in, n, WN_TRUST_IMPORTED, im->by, rows, err);
}

static int run(struct wn_cli *cli, int argc WN_UNUSED, char **argv)
{
	struct import im = {.cli = cli,
			    .what = "contact",
			    .of = WN_TRAIT_CONTACT,
			    .fields = fields,
			    .n_fields = WN_COUNT(fields),
			    .store = store,
			    .prepare = prepare};
	return import_run(&im, argv[0]);
}

const struct wn_command command_contact_import = {
    .name = "contact import",
    .args = "FILE",
    .min_args = 1,
    .max_args = 1,
    .summary = "people at accounts from CSV or JSON lines",
    .more = "Each line names its account by domain, by name, or by the domain of the address. A person whom a "
	    "signal named without address gets the one the "
	    "file brings. Department and level are read from the position unless columns say them. Needs the "
	    "installation key. Exit code 1 if a line "
	    "was refused.",
    .options = import_options,
    .run = run,
};

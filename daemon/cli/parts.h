/* SPDX-License-Identifier: MIT */
/*
 * What commands share: options, errors, texts, tables, rows, the connection. Calls that answer `int` give an
 * exit code, 0 to go on; they have told the operator what was wrong.
 */
#ifndef WN_CLI_PARTS_H
#define WN_CLI_PARTS_H

#include "cli.h"

/* --- options of the command (cli.c) ---- */
const char *cli_value(const struct wn_cli *cli,
		      const char *name); /* NULL: not given; the last one if given often */
bool cli_flag(const struct wn_cli *cli, const char *name);
/* Numbers, times and spans of options; 0 and unchanged if not given, WN_EXIT_USAGE if they are none. */
int cli_int_option(struct wn_cli *cli, const char *name, int64_t min, int64_t max, int64_t *out);
/* "2026-05-04T10:00", "3d" (ago) */
int cli_time_option(struct wn_cli *cli, const char *name, int64_t *out);

/* --- errors (cli.c) ---- */
int cli_error(struct wn_cli *cli, int code, const char *fmt, ...) WN_PRINTF(3, 4);
int cli_exit_of(enum wn_rc rc);
int cli_fail(struct wn_cli *cli, enum wn_rc rc, const struct wn_err *err); /* tells err, with its place */
/* Advice on a line of its own, left out with --quiet. */
void cli_hint(struct wn_cli *cli, const char *fmt, ...) WN_PRINTF(2, 3);
/* To out; left out with --quiet (never when the output is the answer that was asked for). */
void cli_say(struct wn_cli *cli, const char *fmt, ...) WN_PRINTF(2, 3);

/* --- help (help.c) ---- */
void cli_help_list(struct wn_cli *cli, FILE *to);
void cli_help_of(struct wn_cli *cli, const struct wn_command *c);
void cli_help_group(struct wn_cli *cli, const char *group, FILE *to);
extern const struct wn_cli_option cli_global_options[];
int cli_completion(struct wn_cli *cli, const char *shell); /* completion.c */

/* --- connection (connect.c) ---- */
int cli_config(struct wn_cli *cli);       /* cli->config: options only */
int cli_clock(struct wn_cli *cli);        /* cli->now_us without a database, where that is possible */
int cli_connect_only(struct wn_cli *cli); /* no look at the schema: `db` */
int cli_connect(struct wn_cli *cli);      /* config, session, store, clock */
int cli_reconnect_to(struct wn_cli *cli, const char *conninfo); /* another database of the server: `db init` */
const char *cli_conninfo(struct wn_cli *cli);                   /* after cli_config */
const char *cli_control(const struct wn_cli *cli);
void cli_nudge(
    struct wn_cli *cli); /* the daemon looks now instead of within a second; nothing happens without one */
void cli_zone(struct wn_cli *cli);
/* Question on the terminal; --yes answers it, and without a terminal the answer is no. */
bool cli_ask(struct wn_cli *cli, const char *fmt, ...) WN_PRINTF(2, 3);

/* --- the daemon itself (control.c) ---- */
/* POST with a JSON body (NULL: none); what it answered goes to *out (may be NULL). Tells what went wrong. */
/* What the daemon says to a GET; its own words where it refuses. Says nothing itself. */
enum wn_rc cli_get(struct wn_cli *cli, const char *target, struct wn_value *out, struct wn_err *err) WN_MUST_CHECK;
int cli_post(struct wn_cli *cli, const char *target, const char *body, int answer_ms, struct wn_value *out);

/* --- the book (book.c of this folder) ---- */
int cli_book(struct wn_cli *cli);          /* cli_connect, then the book of the database with its segments */
int cli_book_of_files(struct wn_cli *cli); /* the book of the files alone: no database */
const struct wn_positions *cli_positions(struct wn_cli *cli);
/* Runs a unit of work; nudges the daemon when it is committed. */
int cli_unit(struct wn_cli *cli, struct wn_unit *u);
/* Unit's `done`: prints what it changed, a line each. ctx of the unit must be the cli or start with a pointer
 * to it. */
struct cli_work {
	struct wn_cli *cli;
};
void cli_print_changes(struct wn_cli *cli, const struct wn_world *w);

/* --- rows (rows.c): named reads as values ---- */
struct cli_rows {
	struct wn_value *v;
	size_t n;
};
int cli_read(struct wn_cli *cli, const char *name, const struct wn_pg_param *params, size_t n,
	     struct cli_rows *out);
/* The first row, or WN_EXIT_NOT_FOUND without a word. */
int cli_read_one(struct wn_cli *cli, const char *name, const struct wn_pg_param *params, size_t n,
		 struct wn_value *out);
const char *row_text(struct wn_cli *cli, struct wn_value row,
		     const char *member); /* "" if not there; cleaned for a terminal */
int64_t row_int(struct wn_value row, const char *member);
double row_double(struct wn_value row, const char *member);
bool row_bool(struct wn_value row, const char *member);
int64_t row_us(struct wn_value row, const char *member); /* WN_NEVER if not there */
bool row_has(struct wn_value row, const char *member);
struct wn_id row_id(struct wn_value row, const char *member);
struct wn_value row_list(struct wn_value row, const char *member);
struct wn_value row_with(struct wn_cli *cli, struct wn_value row, const char *member,
			 struct wn_value v);          /* a copy with it set */
void cli_json(struct wn_cli *cli, struct wn_value v); /* one line to out */
void cli_json_rows(struct wn_cli *cli, const struct cli_rows *rows);
struct wn_value rows_value(const struct cli_rows *rows);

/* --- texts (words.c, texts.c) ---- */
const char *cli_clean(struct wn_cli *cli,
		      struct wn_str s); /* one line, no control characters: strangers' text */
const char *cli_at(
    struct wn_cli *cli,
    int64_t us); /* "Mon 4 May 10:00" in the operator's zone, with the year if it is another; "-" for never */
const char *cli_rel(struct wn_cli *cli, int64_t us);  /* "in 3 h", "2 d ago"; "-" for never */
const char *cli_when(struct wn_cli *cli, int64_t us); /* "Mon 4 May 10:00 (in 3 h)" */
const char *cli_span(struct wn_cli *cli, int64_t us); /* "14d" */
const char *cli_percent(struct wn_cli *cli, double v);
const char *cli_clip(struct wn_cli *cli, const char *s, size_t chars);
const char *cli_attrs(struct wn_cli *cli, struct wn_value attrs); /* "round Series B, amount_usd 25M" */
const char *cli_value_text(struct wn_cli *cli, struct wn_value v);
/* Text broken at blanks to the width, each line behind `indent` blanks. */
void cli_paragraph(struct wn_cli *cli, FILE *to, int indent, const char *text);
/* The mark behind `indent` blanks, the text broken to the width behind column `column`. */
void cli_hang(struct wn_cli *cli, int indent, const char *mark, int column, const char *text);
/* Several lines of strangers' text as they are, control characters taken out, each behind `indent` blanks. */
void cli_text_block(struct wn_cli *cli, FILE *to, int indent, struct wn_str text);
int cli_width(const struct wn_cli *cli); /* of the terminal, else 100 */
const char *words_non_action(const char *reason), *words_touch(const char *reason),
    *words_left(const char *reason);
const char *cli_plural(int64_t n, const char *one, const char *many);

/* --- freshness and heat of rows (heat.c); rows have strength, publishers, occurred_at, half_life_s,
 * hard_stop_at ---- */
double cli_freshness(struct wn_value row, int64_t at_us);
double cli_heat(struct wn_cli *cli, struct wn_value evidence_list, int64_t at_us);
struct wn_value cli_with_freshness(struct wn_cli *cli, struct wn_value list);
const char *cli_bar(struct wn_cli *cli, double part, int cells); /* "######...." */

/* --- phrases that several screens use (account_print.c) ---- */
const char *cli_touch_state(struct wn_cli *cli, struct wn_value touch); /* "due in 3 h", "held: ..." */
const char *cli_touch_why(struct wn_cli *cli, const char *reason);
void cli_timeline(struct wn_cli *cli, const struct cli_rows *history); /* rows of campaign_history (campaign_timeline.c) */
const char *cli_feed_error(struct wn_cli *cli, const char *name); /* feed.c */
const char *cli_signal_text(struct wn_cli *cli, struct wn_value signal);

/* Lessons of a segment, one a line behind a heading; nothing if there are none (report.c). */
void cli_print_lessons(struct wn_cli *cli, const char *segment);

/* --- ids (ids.c) ---- */
const char *cli_short(struct wn_cli *cli, struct wn_id id, size_t digits);
const char *cli_signal_id(struct wn_cli *cli, struct wn_id id);
/* Makes sure that the ids of these rows (member) print unique: call once a list, then cli_campaign_id. */
const char *cli_campaign_id(struct wn_cli *cli, struct wn_id id);
void cli_hint_accounts(struct wn_cli *cli, const char *text); /* accounts whose name has it in it */
int cli_find_account(struct wn_cli *cli, const char *text, struct wn_id *out);
int cli_find_campaign(struct wn_cli *cli, const char *text, struct wn_ref_id *out);
int cli_find_signal(struct wn_cli *cli, const char *text, struct wn_ref_id *out);
/* Tells that there is none, with the nearest name; version 0: of any. WN_EXIT_NOT_FOUND. */
int cli_no_segment(struct wn_cli *cli, const char *name, int64_t version);

/* A whole file ("-": standard input), at most `most` bytes (segment_apply.c). */
int cli_read_file(struct wn_cli *cli, const char *path, size_t most, struct wn_str *out);
/* The number of a kind; an attribute of it, "round=Series B", into attrs. Tells what is wrong, with the nearest name (signal_add.c). */
int cli_kind(struct wn_cli *cli, const char *name, int *out);
int cli_attribute(struct wn_cli *cli, int kind, const char *text, struct wn_map_builder *attrs);
/* Digits with an optional sign, nothing else (cli.c). */
bool cli_int_parse(const char *text, int64_t *out);

/* --- tables (table.c) ---- */
/* CLIP: its texts are cut when the terminal is narrow; DROP: the whole column goes then. */
enum { CLI_RIGHT = 1, CLI_CLIP = 2, CLI_DROP = 4 };
struct cli_column {
	const char *name;
	int flags;
};
struct cli_table {
	struct wn_cli *cli;
	const struct cli_column *columns;
	size_t n_columns;
	WN_VEC(const char **) lines;
	int indent;
};
void cli_table_begin(struct cli_table *t, struct wn_cli *cli, const struct cli_column *columns, size_t n);
/* n texts of the arena (or static). */
void cli_table_line(struct cli_table *t, const char *const *cells);
#define CLI_LINE(t, ...) cli_table_line(t, (const char *const[]){__VA_ARGS__})
void cli_table_end(struct cli_table *t);
/* What most lists are: the rows as JSON, or a table with a line for each; the sentence where there are none. Gives the exit code. */
int cli_list(struct wn_cli *cli, const struct cli_rows *rows, const struct cli_column *columns, size_t n,
	     void (*line)(struct wn_cli *cli, struct cli_table *t, struct wn_value row), const char *none);

/* --- entries, one a command ---- */
extern const struct wn_command command_account_merge, command_account_split, command_account_review;
extern const struct wn_command command_account, command_why, command_whynot, command_status, command_doctor, command_feed_list,
    command_feed_show, command_feed_poll, command_feed_test, command_feed_import, command_segment_list, command_segment_show, command_segment_check,
    command_segment_apply, command_segment_backtest, command_segment_diff, command_segment_clone,
    command_segment_export, command_segment_withdraw, command_campaign_list, command_campaign_show,
    command_campaign_approve, command_campaign_cancel, command_touch_list, command_touch_show,
    command_touch_drop, command_outcome_list, command_outcome_add, command_outcome_import, command_contact_forget,
    command_campaign_report, command_campaign_export, command_lesson_add, command_lesson_list, command_signal_set,
    command_signal_move,
    command_signal_add, command_signal_list, command_signal_show, command_signal_retract,
    command_account_import, command_contact_import, command_contact_suppress, command_fx_import, command_db_init,
    command_db_migrate, command_db_status, command_config_check, command_config_show, command_fsck,
    command_sink_list, command_sink_test, command_sink_replay, command_pause, command_resume, command_reload, command_help;

#endif

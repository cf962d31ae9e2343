/* SPDX-License-Identifier: MIT */
/*
 * One pattern at one trigger: what stands before it, the elements behind it, and what of the sentence speaks against it.
 * Gaps and optional elements are tried in order; a pattern has at most a dozen elements and a gap at most eight tokens.
 */
#include "news.h"

enum { GAP = 8, SMALL = 50000 };

struct run {
	const struct news_text *x;
	const struct news_pattern *p;
	struct news_found f;
	int tries;
};

/* --- one element ---------------------------------------------------------------------------------------- */

static bool some(struct news_span s) { return s.from < s.to; }

static bool is_word(const struct news_text *x, int i, const char *text)
{
	return i >= x->begin && i < x->end && x->t[i].word && wn_str_is(x->t[i].word->text, text);
}

/* "Acme's", also in "Acme's search": whose what follows is. */
static bool whose_at(struct run *r, int i, int *end)
{
	*end = news_run_end(r->x, i);
	if (*end == i || !news_has(r->x, *end - 1, T_POSSESSIVE))
		return false;
	r->f.who.company = news_name_stripped(r->x, (struct news_span){i, *end});
	return true;
}

static bool company_at(struct run *r, int i, int *end)
{
	struct news_span name;
	bool unnamed;

	if (!news_object(r->x, i, &name, end, &unnamed) || !some(name))
		return whose_at(r, i, end); /* "in Acme's plan" */
	r->f.who.company = name;
	return true;
}

/* A name that begins what follows; it is what is bought where something is. */
static bool name_at(struct run *r, int i, int *end)
{
	struct news_span *to = r->p->kind == WN_NEWS_ACQUISITION ? &r->f.target : &r->f.who.company;

	if (!news_leading(r->x, i, r->x->end, to))
		return false;
	*end = to->to;
	return true;
}

static bool target_at(struct run *r, int i, int *end)
{
	struct news_span name;
	bool unnamed;

	if (!news_object(r->x, i, &name, end, &unnamed) || (some(name) && news_is(r->x, name.to - 1, L_NOTTARGET)))
		return false;
	r->f.target = name;
	r->f.unnamed_target = unnamed;
	return true;
}

static bool buyer_at(struct run *r, int i, int *end)
{
	struct news_span name;
	bool unnamed;

	if (!news_object(r->x, i, &name, end, &unnamed) || !some(name))
		return false;
	r->f.buyer = name;
	return true;
}

static bool people_at(struct run *r, int i, bool leaver, int *end)
{
	struct news_who w;

	if (leaver ? !news_leaver(r->x, i, &w) : !news_appointee(r->x, i, &w))
		return false;
	r->f.person = w.person;
	r->f.post = w.post;
	r->f.lead = w.unnamed ? "head of" : NULL;
	*end = some(w.post) && w.post.to > i ? w.post.to : i;
	return true;
}

static bool tool_at(struct run *r, int i, enum news_slot slot, int *end)
{
	struct news_tool t;

	if (!news_tool(r->x, i, slot == S_KNOWN, &t))
		return false;
	while (slot == S_KNOWN && news_has(r->x, t.end, T_CAP | T_DIGIT) && !news_is(r->x, t.end, L_FUNCTION))
		t.end++;
	if (slot == S_FROM)
		r->f.from = t;
	else if (slot == S_TO)
		r->f.to = t;
	else
		r->f.tool = t;
	*end = t.end;
	return true;
}

static bool product_at(struct run *r, int i, int *end)
{
	struct news_tool t;

	if (!news_tool(r->x, i, false, &t) || (!t.known && (news_in(r->x, L_POST, t.end) || news_is(r->x, t.end, L_NOTTARGET))))
		return false;
	while (t.end < r->x->end && t.end < t.name.to + 6 && !news_has(r->x, t.end, T_MARK) && !news_is(r->x, t.end, L_PREP) &&
	       !news_is(r->x, t.end, L_FUTURE))
		t.end++;
	r->f.tool = t;
	*end = t.end;
	return true;
}

static bool raise_at(struct run *r, int i, int *end)
{
	if (!news_raise(r->x, i, &r->f.raise))
		return false;
	*end = r->f.raise.end;
	return true;
}

static bool money_at(struct run *r, int i, int *end)
{
	int n = news_money(r->x, i, &r->f.raise.amount);
	*end = i + n;
	return n > 0;
}

/* "51%", "60 percent" and more. */
static bool majority(const struct news_text *x, int i, int *end)
{
	struct wn_str w = news_slice(x, (struct news_span){i, i + 1});
	int value = 0;
	size_t k = 0;

	while (k < w.n && k < 3 && w.p[k] >= '0' && w.p[k] <= '9')
		value = value * 10 + (w.p[k++] - '0');
	bool sign = k < w.n && w.p[w.n - 1] == '%', word = is_word(x, i + 1, "percent") || is_word(x, i + 1, "per");
	*end = i + 1 + (sign ? 0 : is_word(x, i + 1, "per") ? 2 : 1);
	return i < x->end && k > 0 && (sign || word) && value > 50 && value <= 100;
}

/* "Harborlog, a startup that tracks containers": what is named is a company. */
static bool apposed_company(const struct news_text *x, struct news_span name)
{
	if (!some(name) || !news_mark(x, name.to, ',') || !news_is(x, name.to + 1, L_APPOSITION))
		return false;
	for (int i = name.to + 1; i < name.to + 8 && i < x->end && !news_has(x, i, T_MARK); i++)
		if (news_is(x, i, L_ORG))
			return true;
	return false;
}

/* "startup Acme", "solar installer Acme", "Acme, a startup". */
static bool is_introduced(const struct news_text *x, int i, struct news_span name)
{
	int k = name.from - 1;

	if (news_is(x, k, L_ORG) || apposed_company(x, name))
		return true;
	return k >= i && !x->title_case && !news_has(x, k, T_CAP | T_MARK | T_DIGIT | T_POSSESSIVE) && !news_is(x, k, L_FUNCTION) &&
	       !news_is(x, k, L_DET) && !news_is(x, k, L_FORMER) && !news_in(x, L_POST, k) && !news_is(x, k, L_OFFICIAL) && !news_is_person(x, name);
}

static bool startup_at(struct run *r, int i, int *end)
{
	struct news_span name;

	if (!target_at(r, i, end) || !some(name = r->f.target))
		return false;
	if (r->p->kind == WN_NEWS_ACQUISITION)
		return is_introduced(r->x, i, name);
	r->f.target = (struct news_span){0, 0};
	r->f.who.company = name;
	return news_is(r->x, name.from - 1, L_ORG) || apposed_company(r->x, name);
}

static bool element(struct run *r, const struct news_element *e, int i, int *end)
{
	struct news_span other;
	int n;

	switch (e->slot) {
	case S_WORDS:
		n = news_in(r->x, e->list, i);
		*end = i + n;
		return n > 0;
	case S_MONEY:
		return money_at(r, i, end);
	case S_ROUND:
		n = news_round(r->x, i, &r->f.raise.round);
		*end = i + n;
		return n > 0;
	case S_RAISE:
		return raise_at(r, i, end);
	case S_NAMED:
		return raise_at(r, i, end) && r->f.raise.named;
	case S_STARTUP:
		return startup_at(r, i, end);
	case S_COMMA:
		*end = i + 1;
		return news_mark(r->x, i, ',');
	case S_COLON:
		*end = i + 1;
		return news_mark(r->x, i, ':') || news_mark(r->x, i, '-');
	case S_PERSON:
		return news_person(r->x, i, some(r->f.who.person) || some(r->f.person) ? &other : &r->f.person, end);
	case S_MAJORITY:
		return majority(r->x, i, end);
	case S_NAME:
		return name_at(r, i, end);
	case S_STOP:
		*end = i;
		return i >= r->x->end || news_has(r->x, i, T_MARK) || news_is(r->x, i, L_PREP) || news_is(r->x, i, L_FUTURE);
	case S_COMPANY: case S_EMPLOYER:
		return company_at(r, i, end);
	case S_TARGET:
		return target_at(r, i, end);
	case S_BUYER:
		return buyer_at(r, i, end);
	case S_APPOINTEE: case S_WHO:
		return people_at(r, i, false, end);
	case S_LEAVER:
		return people_at(r, i, true, end);
	case S_POST:
		return news_post(r->x, i, &r->f.post, end);
	case S_PRODUCT:
		return product_at(r, i, end);
	case S_AWAY:
		*end = i;
		return news_away(r->x, i);
	case S_TECH: case S_FROM: case S_TO: case S_KNOWN:
		return tool_at(r, i, e->slot, end);
	case S_WHOSE:
		return whose_at(r, i, end);
	case S_GAP: case S_START: case S_OWNER: case S_HOLDER: case S_LEADING: case S_DID: case S_SUM: case S_LABEL:
		break;
	}
	return false;
}

static bool rest(struct run *r, size_t e, int i)
{
	enum { TRIES = 400 };
	int end;

	if (e == r->p->n_right)
		return true;
	const struct news_element *el = &r->p->right[e];
	if (++r->tries > TRIES)
		return false;
	if (el->slot == S_GAP) {
		for (int k = i; k <= i + GAP && k <= r->x->end; k++) {
			if (rest(r, e + 1, k))
				return true;
			if (news_has(r->x, k, T_MARK) || (r->p->kind == WN_NEWS_FUNDING && news_is(r->x, k, L_EARLIER)))
				return false;
		}
		return false;
	}
	if (el->none)
		return !element(r, el, i, &end) && rest(r, e + 1, i);
	struct news_found before = r->f;
	if (element(r, el, i, &end) && rest(r, e + 1, end))
		return true;
	r->f = before;
	return el->optional && rest(r, e + 1, i);
}

/* --- what speaks against it ----------------------------------------------------------------------------- */

static bool fund_company(const struct news_text *x, const struct news_found *f)
{
	struct news_span c = f->who.company;

	if (!some(c))
		return false;
	if (news_is(x, c.to - 1, L_FUNDNAME))
		return true;
	for (int i = c.from - 1; i >= x->begin && i >= c.from - 4 && !news_has(x, i, T_MARK) && !news_is(x, i, L_PREP); i--)
		if (news_in(x, L_FUND, i) || (i > x->begin && news_in(x, L_FUND, i - 1) == 2))
			return true;
	for (int i = c.from; i < c.to; i++)
		if (news_in(x, L_FUND, i))
			return true;
	if (news_mark(x, c.to, ',')) /* "Acme, a venture firm, raises" */
		for (int i = c.to + 1; i < f->trigger.from && !news_mark(x, i, ','); i++)
			if (news_in(x, L_FUND, i))
				return true;
	return false;
}

/* Public offices and bodies, and good causes, raise money as well. */
static bool no_business(const struct news_text *x, const struct news_found *f)
{
	struct news_span c = f->who.company;

	for (int i = c.from; i < c.to; i++)
		if (news_is(x, i, L_PUBLIC) || news_is(x, i, L_OFFICIAL) || news_is(x, i, L_LEVY))
			return true;
	for (int i = f->raise.end; i < x->end && !news_has(x, i, T_MARK) && !is_word(x, i, "to") && !is_word(x, i, "for"); i++)
		if (news_is(x, i, L_LEVY))
			return true;
	if (news_is(x, c.from - 1, L_OFFICIAL) || !is_word(x, f->raise.end, "for"))
		return some(c) && news_is(x, c.from - 1, L_OFFICIAL);
	for (int i = f->raise.end + 1; i < f->raise.end + 5 && i < x->end && !news_has(x, i, T_MARK) && !news_is(x, i, L_PREP); i++)
		if (news_is(x, i, L_CAUSE))
			return true;
	return false;
}

/* "for her second act, Acme", "for his new startup Acme": what it is called, if it is. */
static struct news_span new_venture(const struct news_text *x, int i)
{
	enum { WORDS = 8 };
	struct news_span name;
	int end;
	bool unnamed;

	for (int k = i; k < i + WORDS && k < x->end && !news_is(x, k, L_PREP); k++)
		if (news_mark(x, k, ',') && (end = news_run_end(x, k + 1)) > k + 1)
			return (struct news_span){k + 1, end};
	return news_object(x, i, &name, &end, &unnamed) ? name : (struct news_span){0, 0};
}

static const char *of_funding(const struct news_text *x, struct news_found *f)
{
	struct wn_str label = WN_STR("");

	if (fund_company(x, f))
		return "an investor's own fund";
	if (no_business(x, f))
		return "no business";
	if (some(f->who.company) && news_has(x, f->who.company.from, T_QUOTED))
		return "a title, no company";
	for (int i = f->trigger.to; some(f->who.company) && i < x->end && !is_word(x, i, "from") && !is_word(x, i, "led") && !is_word(x, i, "by"); i++)
		if (news_in(x, L_FUND, i) > 1)
			return "an investor's own fund";
	if (!f->raise.round.n && news_mark(x, x->begin + news_round(x, x->begin, &label), ':')) /* "Series B: Acme raises" */
		f->raise.round = label;
	for (int i = f->trigger.to; !f->raise.round.n && i < f->raise.end && !news_is(x, i, L_EARLIER); i++)
		if (is_word(x, i, "series")) /* "rockets to Series B with $55M" */
			(void)news_round(x, i, &f->raise.round);
	if (x->fills_in && f->who.unnamed)
		for (int i = f->raise.end; i < f->raise.end + 6 && i < x->end && !news_has(x, i, T_MARK); i++)
			if (news_is(x, i, L_EARLIER))
				return "background, not the news"; /* "it raised $12M last year" */
	if (f->raise.amount.amount > 0 && f->raise.amount.amount < SMALL && !f->raise.round.n)
		return "too small a sum to be a round";
	/* "6sense founder Jane Roe raises $30M for new startup 1mind": the startup raises. */
	bool person = news_is_person(x, f->who.company);
	if ((f->who.person_head || person) && f->raise.end > 0) {
		struct news_span name;
		int end;
		bool unnamed;
		int i = f->raise.end;
		if (is_word(x, i, "for") && (is_word(x, i + 1, "her") || is_word(x, i + 1, "his") || is_word(x, i + 1, "their"))) {
			f->who = (struct news_who){.company = new_venture(x, i + 2), .unnamed = true};
		} else if (is_word(x, i, "for") && news_object(x, i + 1, &name, &end, &unnamed)) {
			if (some(name) && (f->who.role_head || news_is(x, name.from - 1, L_ORG)))
				f->who.company = name;
			else if (unnamed && person)
				f->who = (struct news_who){.unnamed = true};
		}
	}
	if (!some(f->who.company) && (f->who.role_head || is_word(x, f->trigger.from, "raise")))
		return "no company";
	return some(f->who.company) || f->who.unnamed ? NULL : "no company";
}

/* The company behind the post or the verb: "named CEO of Acme", "resigns from Acme", "leaves Acme". */
static struct news_span behind(const struct news_text *x, struct news_found *f, bool hire)
{
	int i = some(f->post) && f->post.from > f->trigger.from ? f->post.from : f->trigger.to;
	int most = some(f->post) && f->post.to > i ? f->post.to : i + 3;

	if (!hire && i == f->trigger.to && news_has(x, i, T_CAP) && !news_is(x, i, L_FUNCTION))
		return news_name_stripped(x, (struct news_span){i, news_run_end(x, i)});
	for (; i <= most && i < x->end; i++)
		if ((is_word(x, i, "of") || is_word(x, i, "at") || is_word(x, i, "from")) && news_has(x, i + 1, T_CAP)) {
			struct news_span name;
			int end;
			bool unnamed;
			if (!news_object(x, i + 1, &name, &end, &unnamed) || !some(name))
				continue;
			if (f->post.from < i && i < f->post.to)
				f->post.to = i;
			return name;
		}
	return (struct news_span){0, 0};
}

/* "named", "appointed": what stands before it may be whom it was done to. */
static bool is_passive(const struct news_text *x, int i)
{
	struct wn_str w = news_slice(x, (struct news_span){i, i + 1});
	return w.n > 2 && (w.p[w.n - 1] | 0x20) == 'd' && (w.p[w.n - 2] | 0x20) == 'e';
}

static bool is_common(const struct news_text *x, int i)
{
	char folded[40];
	struct wn_str w = news_slice(x, (struct news_span){i, i + 1});

	for (size_t k = 0; k < w.n && k < sizeof(folded); k++)
		folded[k] = w.p[k] >= 'A' && w.p[k] <= 'Z' ? (char)(w.p[k] | 0x20) : w.p[k];
	return w.n <= sizeof(folded) && wn_word_is_common((struct wn_str){folded, w.n});
}

/* "Acme: Jane Roe Appointed CEO": the name that stands alone before the colon of its clause; not "Executive Moves: ...". */
static struct news_span labelled(const struct news_text *x, int i)
{
	int end = news_run_end(x, x->begin);

	if (end == x->begin || end >= i || !news_mark(x, end, ':') || news_has(x, end - 1, T_POSSESSIVE))
		return (struct news_span){0, 0};
	struct news_span name = news_name_stripped(x, (struct news_span){x->begin, end});
	bool rubric = news_is(x, end - 1, L_RUBRIC) || (end == x->begin + 1 && is_common(x, x->begin));
	return rubric || news_is(x, name.from, L_DESCR) || news_no_company(x, name) ? (struct news_span){0, 0} : name;
}

/* "Acme Announces Changes; Jane Roe Named CEO": who leads what stands before the semicolon. */
static struct news_span announcing(const struct news_text *x, int i)
{
	struct news_span name = {0, 0};
	const char *why;

	while (i > x->begin && !news_mark(x, i, ';'))
		i--;
	if (i > x->begin && !news_speaks_against(x, x->begin, i, &why))
		(void)news_leading(x, x->begin, i, &name);
	return name;
}

static const char *of_people(const struct news_text *x, struct news_found *f, bool hire)
{
	while (f->who.person.to - f->who.person.from > 2 && news_is(x, f->who.person.from, L_HONORIFIC))
		f->who.person.from++;
	if (!some(f->person) && some(f->who.person))
		f->person = f->who.person;
	if (!some(f->post) && some(f->who.post) && !hire)
		f->post = f->who.post;
	if (!hire && !some(f->post)) {
		int n = news_in(x, L_AS, f->trigger.to), end;
		if (n)
			(void)news_post(x, f->trigger.to + n, &f->post, &end);
	}
	if (!hire && news_in(x, L_RESIGNS, f->trigger.from) && f->trigger.to < x->end && news_has(x, f->trigger.to, T_CAP) &&
	    !news_is(x, f->trigger.to, L_FUNCTION))
		return "an attribute, no act"; /* "Retired Gen. Roe" */
	if (hire && !some(f->person) && (news_mark(x, f->trigger.from - 1, ',') || is_passive(x, f->trigger.from)) && news_is_person(x, f->who.company))
		return "no company"; /* "Jane Roe, a soldier, named president", "Jane Roe Appointed CEO" */
	if (hire && !some(f->person) && is_word(x, f->trigger.from, "hiring") && f->post.from <= f->trigger.to + 1)
		return "a post that is open"; /* "is hiring a VP of sales" */
	struct news_span of_post = some(f->who.company) && !(hire && f->pattern->left == S_WHO && some(f->who.post) && !x->title_case) ?
		(struct news_span){0, 0} : behind(x, f, hire); /* "Acme CTO Jane Roe becomes CEO of Example" */
	if (some(of_post) && !(some(f->who.company) && news_is(x, of_post.from, L_NOTPERSON)))
		f->who.company = of_post;
	if (hire && !some(f->who.company))
		f->who.company = labelled(x, f->trigger.from);
	if (hire && !some(f->who.company) && some(f->person))
		f->who.company = announcing(x, f->trigger.from);
	if (!some(f->who.company) && some(f->post)) { /* "takes over as Acme CEO" */
		int end = news_run_end(x, f->post.from), k = f->post.from;
		while (k < end && !news_in(x, L_POST, k))
			k++;
		if (k < f->post.to && k > f->post.from && !news_is(x, k - 1, L_GENERIC)) {
			f->who.company = (struct news_span){f->post.from, k};
			f->post.from = k;
		}
	}
	bool from_employer = f->pattern->n_right > 0 && f->pattern->right[0].slot == S_EMPLOYER;
	if (!hire && !some(f->post) && !(some(f->person) && (from_employer || news_in(x, L_RESIGNS, f->trigger.from))))
		return "no post";
	if (!some(f->post) && !(some(f->person) && some(f->who.company)) && !(hire && some(f->who.company)))
		return "no post and no person";
	if (x->fills_in && !some(f->who.company) && some(f->person) && some(f->post))
		return NULL;
	if (!some(f->who.company) || news_no_company(x, f->who.company) || news_is(x, f->who.company.to - 1, L_AUTHORITY))
		return "no company";
	return NULL;
}

static const char *of_technology(const struct news_text *x, struct news_found *f)
{
	if (!some(f->who.company))
		f->who.company = labelled(x, f->trigger.from); /* "Acme: Why We Moved to Example" */
	if (f->pattern->kind == WN_NEWS_TECH_DROPPED && some(f->who.company) && news_is(x, f->who.company.from - 1, L_SELECT))
		return "taken up, not left"; /* "picks Acme to replace Example" */
	for (int i = x->begin; !some(f->who.company) && i < f->trigger.from; i++)
		if (is_word(x, i, "my") || is_word(x, i, "our"))
			return "somebody's own tale";
	if (!some(f->who.company) && is_word(x, f->trigger.from, "we"))
		return "somebody's own tale";
	if (some(f->from.name) && !f->from.known && !f->tool.known)
		return "no known technology";
	if (!some(f->tool.name))
		return "no technology";
	return NULL;
}

/* The price: the first sum behind the verb, whatever it is called ("for", "in a ... deal"), before another time begins. */
static void price(const struct news_text *x, struct news_found *f)
{
	for (int i = f->trigger.to; i < x->end && !news_mark(x, i, ';') && !news_mark(x, i, '-') && !news_is(x, i, L_EARLIER); i++)
		if (news_money(x, i, &f->raise.amount) || news_is(x, i, L_FUND))
			return;
	for (int i = f->trigger.from - 1; i >= x->begin && i >= f->trigger.from - 6 && !news_has(x, i, T_MARK); i--)
		if (news_is(x, i, L_AGREE) && news_has(x, i - 1, T_DIGIT)) /* "inks $620M deal to acquire" */
			for (int k = i - 3; k < i; k++)
				if (k >= x->begin && news_money(x, k, &f->raise.amount) && k + news_money(x, k, &f->raise.amount) == i)
					return;
	for (int k = x->begin + 1, n; is_word(x, x->begin, "in") && k < x->begin + 4; k++) /* "In $500M deal, Acme buys" */
		if ((n = news_money(x, k, &f->raise.amount)) > 0 && news_is(x, k + n, L_AGREE))
			return;
	f->raise.amount = (struct wn_sum){0};
}

/* "bought Acme in 2014": of the past, in a sentence that only recalls it. */
static bool long_ago(const struct news_text *x, const struct news_found *f)
{
	struct wn_str w = news_slice(x, (struct news_span){f->trigger.from, f->trigger.from + 1});
	bool past = w.n > 2 && (w.p[w.n - 1] == 'd' || w.p[w.n - 1] == 't');

	for (int i = f->trigger.to; past && i + 1 < x->end && !news_has(x, i, T_MARK); i++) {
		struct wn_str year = news_slice(x, (struct news_span){i + 1, i + 2});
		if ((is_word(x, i, "in") || is_word(x, i, "since")) && year.n == 4 && news_has(x, i + 1, T_DIGIT) &&
		    (year.p[0] == '1' || year.p[0] == '2') && (year.p[1] == '9' || year.p[1] == '0'))
			return true;
	}
	return false;
}

static const char *too_cheap(const struct news_found *f)
{
	enum { LEAST = 250000 };
	return f->raise.amount.amount > 0 && f->raise.amount.amount < LEAST ? "too small a sum to be a company's" : NULL;
}

static const char *veto(const struct news_text *x, struct news_found *f)
{
	enum wn_news_kind kind = f->pattern->kind;

	if ((kind == WN_NEWS_FUNDING || kind == WN_NEWS_ACQUISITION) && long_ago(x, f))
		return "background, not the news";
	switch (kind) {
	case WN_NEWS_FUNDING:
		return of_funding(x, f);
	case WN_NEWS_HIRE: case WN_NEWS_DEPARTURE:
		return of_people(x, f, kind == WN_NEWS_HIRE);
	case WN_NEWS_TECH_ADOPTED: case WN_NEWS_TECH_DROPPED:
		return of_technology(x, f);
	case WN_NEWS_ACQUISITION:
		price(x, f);
		return some(f->target) || f->unnamed_target ? too_cheap(f) : "nothing bought";
	case WN_NEWS_KINDS:
		break;
	}
	return NULL;
}

const char *news_match(const struct news_text *x, const struct news_pattern *p, int i, int n, struct news_found *out)
{
	struct run r = {.x = x, .p = p, .f = {.pattern = p, .trigger = {i, i + n}, .sentence = {x->begin, x->end}}};
	const char *why = news_left(x, p, i, &r.f);

	if (why)
		return why;
	if (!rest(&r, 0, i + n))
		return "what follows does not fit";
	why = veto(x, &r.f);
	if (!why)
		*out = r.f;
	return why;
}

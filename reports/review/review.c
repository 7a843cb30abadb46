#include "reports/review/review.h"
#include "reports/review/parts.h"
#include <string.h>

/* A section: its words, then its figure; either may be missing. */
struct section {
    const char *id, *title;
    void (*words)(const struct review *r, struct text *out);
    const char *figure;
    const char *caption;
};

static const struct section sections[] = {
    {"question",    "The question",                         review_question,    NULL,        NULL},
    {"answer",      "The answer",                           review_answer,      NULL,        NULL},
    {"strategies",  "The fastest strategies",               review_top,         NULL,        NULL},
    {"limits",      "What limits the best",                 review_limits,      NULL,        NULL},
    {"breakdown",   "Where the time goes",                  NULL,               "breakdown",
     "Step time by term. Communication is what stays exposed beside compute."                    },
    {"memory",      "Memory",                               NULL,               "memory",
     "Memory of a GPU of each pipeline stage at its peak, against what it can use."              },
    {"roofline",    "Roofline",                             NULL,               "roofline",
     "Every kernel of the step: its rate over its arithmetic intensity, as large as its share of "
     "the kernels' time."                                                                        },
    {"timeline",    "Timeline",                             NULL,               "timeline",
     "What a GPU of each pipeline stage does, from the event simulation of the schedule."        },
    {"scaling",     "Scaling",                              NULL,               "scaling",
     "The fastest strategy of every number of GPUs: the same batch on more of them, and a batch "
     "that grows with them."                                                                     },
    {"heatmap",     "Around the best",                      NULL,               "heatmap",
     "The fastest step for each pair of tensor and pipeline parallel degrees."                   },
    {"sensitivity", "Sensitivity",                          review_sensitivity, "tornado",
     "Change of the step time with each input at its ends: the strategy as it is (bars) and "
     "optimised anew (marks)."                                                                   },
    {"pareto",      "Pareto front",                         NULL,               "pareto",
     "The fastest strategies for every amount of memory, and step time and cost over the GPUs."  },
    {"changes",     "What would change the answer",         review_changes,     NULL,        NULL},
    {"assumptions", "Assumptions and where they come from", review_assumptions, NULL,        NULL},
    {"again",       "Making this again",                    review_again,       NULL,        NULL},
};
enum { SECTIONS = sizeof sections / sizeof *sections };

static const struct review_figure *find_figure(const struct review *r, const char *name)
{
    for (int i = 0; i < r->figure_count; i++)
        if (strcmp(r->figures[i].name, name) == 0)
            return &r->figures[i];
    return NULL;
}

static void add_figure(const struct section *s, const struct review_figure *figure,
                       struct text *out)
{
    text_add(out, "<figure>\n");
    if (figure && figure->svg.length > 0) {
        text_add(out, "<div class=\"picture\" tabindex=\"0\">");
        html_svg(out, figure->name, s->caption, &figure->svg);
        text_add(out, "</div>\n");
    } else {
        html_paragraph(out, "Not drawn: %s.",
                       figure && figure->reason.data ? figure->reason.data : "nothing to show");
    }
    text_add(out, "<figcaption>");
    html_text(out, s->caption);
    text_addf(out,
              " Data: <a href=\"figures/%s.csv\">CSV</a>, script: <a href=\"figures/%s.gp\">"
              "gnuplot</a>.</figcaption>\n</figure>\n",
              s->figure, s->figure);
}

static void add_contents(struct text *out)
{
    text_add(out, "<nav aria-label=\"Contents\"><ul>\n");
    for (int i = 0; i < SECTIONS; i++) {
        text_addf(out, "<li><a href=\"#%s\">", sections[i].id);
        html_text(out, sections[i].title);
        text_add(out, "</a></li>\n");
    }
    text_add(out, "</ul></nav>\n");
}

static void open_page(const struct review *r, struct text *out)
{
    struct text title = {0};
    text_addf(&title, "%s on %.0f x %s", r->scenario->model.name, r->scenario->system.gpus,
              r->scenario->system.gpu.name);
    html_open_page(out, text_string(&title));
    text_add(out, "<header>\n");
    html_words(out, "h1", text_string(&title));
    text_add(out, "<p class=\"soft\">Design review of a training step, forecast by "
                  "stepcast " STEPCAST_VERSION "</p>\n</header>\n");
    text_free(&title);
}

void review_page(const struct review *r, struct text *out)
{
    open_page(r, out);
    add_contents(out);
    for (int i = 0; i < SECTIONS; i++) {
        const struct section *s = &sections[i];
        html_open_section(out, s->id, s->title);
        if (s->words)
            s->words(r, out);
        if (s->figure)
            add_figure(s, find_figure(r, s->figure), out);
        html_close_section(out);
    }
    html_close_page(out);
}

void review_nothing_page(const struct review *r, const struct remedies *remedies, struct text *out)
{
    open_page(r, out);
    html_open_section(out, "question", "The question");
    review_question(r, out);
    html_close_section(out);
    html_open_section(out, "answer", "The answer");
    review_nothing(r, remedies, out);
    html_close_section(out);
    html_open_section(out, "again", "Making this again");
    review_command(r, out);
    html_close_section(out);
    html_close_page(out);
}

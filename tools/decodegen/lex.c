/* SPDX-License-Identifier: Apache-2.0 */
/* One line of a table into words. Quotes and parentheses hold blanks together; # starts a comment.
 */
#include "tools/decodegen/decodegen.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* End of the word that starts at `p`, or NULL if a quote or parenthesis stays open. */
static char *word_end(char *p)
{
    bool quoted = false;
    unsigned depth = 0;
    for (; *p != '\0'; p++) {
        if (*p == '"')
            quoted = !quoted;
        else if (quoted)
            continue;
        else if (*p == '(')
            depth++;
        else if (*p == ')' && depth > 0)
            depth--;
        else if (depth == 0 && (isspace((unsigned char)*p) || *p == '#'))
            break;
    }
    return quoted || depth != 0 ? NULL : p;
}

struct line *lex_line(struct gen *g, char *text, struct place at)
{
    struct line *line = NULL;
    for (char *p = text;;) {
        while (isspace((unsigned char)*p))
            p++;
        if (*p == '\0' || *p == '#')
            return line;
        char *end = word_end(p);
        if (end == NULL) {
            fault(g, at, "a quote or parenthesis is not closed on its line: %s", p);
            return NULL;
        }
        if (line == NULL) {
            line = pool_alloc(&g->pool, sizeof *line);
            line->at = at;
        }
        if (line->n == MAX_TOKENS) {
            fault(g, at, "more than %d words on one line", MAX_TOKENS);
            return NULL;
        }
        line->tokens[line->n++] = pool_printf(&g->pool, "%.*s", (int)(end - p), p);
        p = end;
    }
}

bool parse_number(const char *text, int64_t *value)
{
    char *end;
    if (!isdigit((unsigned char)text[0]) && text[0] != '-')
        return false;
    *value = strtoll(text, &end, 0);
    return *end == '\0' && end != text;
}

/* "0,2" or "11..15" */
bool parse_values(struct gen *g, struct place at, const char *text, uint32_t out[MAX_NOT],
                  unsigned *n)
{
    char *copy = pool_printf(&g->pool, "%s", text), *save = NULL;
    for (char *item = strtok_r(copy, ",", &save); item != NULL; item = strtok_r(NULL, ",", &save)) {
        int64_t first, last;
        char *dots = strstr(item, "..");
        if (dots != NULL)
            *dots = '\0';
        if (!parse_number(item, &first) || !parse_number(dots != NULL ? dots + 2 : item, &last) ||
            first < 0 || last > UINT32_MAX || last < first || last - first >= MAX_NOT) {
            fault(g, at, "'%s' is no list of values like 0,2 or 11..15", text);
            return false;
        }
        for (int64_t v = first; v <= last; v++) {
            if (*n == MAX_NOT) {
                fault(g, at, "more than %d excluded values", MAX_NOT);
                return false;
            }
            out[(*n)++] = (uint32_t)v;
        }
    }
    return true;
}

#include "parallelism/search_front.h"
#include <stdlib.h>
#include <string.h>

void search_front_free(struct search_front *front)
{
    free(front->point);
    memset(front, 0, sizeof *front);
}

/* Points that are no slower. */
static size_t no_slower(const struct search_front *front, double step_s)
{
    size_t low = 0, high = front->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (front->point[middle].step_s <= step_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool search_front_covers(const struct search_front *front, double step_s, double memory_bytes)
{
    size_t n = no_slower(front, step_s);
    return n > 0 && front->point[n - 1].memory_bytes <= memory_bytes;
}

static bool equal(const struct search_point *a, const struct search_point *b)
{
    return a->step_s <= b->step_s && a->step_s >= b->step_s && a->memory_bytes <= b->memory_bytes &&
           a->memory_bytes >= b->memory_bytes;
}

static bool make_room(struct search_front *front)
{
    if (front->count < front->room)
        return true;
    size_t room = front->room > 0 ? 2 * front->room : 64;
    struct search_point *grown = realloc(front->point, room * sizeof *grown);
    if (!grown)
        return false;
    front->point = grown;
    front->room = room;
    return true;
}

void search_front_offer(struct search_front *front, const struct search_point *point)
{
    size_t at = no_slower(front, point->step_s), end;
    if (at > 0 && equal(&front->point[at - 1], point)) { /* of equals the smaller strategy */
        if (search_candidate_compare(&point->candidate, &front->point[at - 1].candidate) < 0)
            front->point[at - 1] = *point;
        return;
    }
    if (search_front_covers(front, point->step_s, point->memory_bytes))
        return;
    if (!make_room(front)) {
        front->failed = true;
        return;
    }
    while (at > 0 && front->point[at - 1].step_s >= point->step_s)
        at--; /* as fast, but larger */
    for (end = at; end < front->count && front->point[end].memory_bytes >= point->memory_bytes;)
        end++;
    memmove(&front->point[at + 1], &front->point[end], (front->count - end) * sizeof *front->point);
    front->point[at] = *point;
    front->count = front->count - (end - at) + 1;
}

void search_front_thin(struct search_front *front, double bytes)
{
    size_t kept = 0;
    for (size_t i = 0; i < front->count; i++)
        if (kept == 0 ||
            front->point[i].memory_bytes <= front->point[kept - 1].memory_bytes - bytes)
            front->point[kept++] = front->point[i];
    front->count = kept;
}

#ifndef HARDWARE_LINEAR_COST_H
#define HARDWARE_LINEAR_COST_H

/* alpha-beta cost as a value: t(x) = alpha_s + beta_s_per_byte x. [Hockney94] */
struct linear_cost {
    double alpha_s, beta_s_per_byte;
};

static inline double linear_cost_at(struct linear_cost c, double bytes)
{
    return c.alpha_s + c.beta_s_per_byte * bytes;
}

static inline struct linear_cost linear_cost_add(struct linear_cost a, struct linear_cost b)
{
    return (struct linear_cost){a.alpha_s + b.alpha_s, a.beta_s_per_byte + b.beta_s_per_byte};
}

static inline struct linear_cost linear_cost_scale(struct linear_cost c, double factor)
{
    return (struct linear_cost){factor * c.alpha_s, factor * c.beta_s_per_byte};
}

/* Size at which a and b cost the same; negative or not finite when they never do. */
static inline double linear_cost_intersect(struct linear_cost a, struct linear_cost b)
{
    return (b.alpha_s - a.alpha_s) / (a.beta_s_per_byte - b.beta_s_per_byte);
}

#endif

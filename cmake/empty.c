/* A layer that has no source yet still is a library. */
extern int stepcast_empty_layer;
int stepcast_empty_layer;

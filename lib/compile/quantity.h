#ifndef COMPILE_QUANTITY_H
#define COMPILE_QUANTITY_H

/*
 * 1 if the text is a quantity of Kubernetes ("100m", "1.5Gi", "2e3"), as
 * apimachinery's resource.ParseQuantity takes it: oddities too, such as a
 * bare suffix, which is zero.
 */
int	quantity_ok(const char *);

#endif

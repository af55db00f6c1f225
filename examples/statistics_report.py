import csv
import sys
from collections import defaultdict


def mean(values):
    total = 0
    for value in values:
        total += value
    return total / len(values)


def median(values):
    values.sort()
    middle = len(values) // 2
    if len(values) % 2:
        return values[middle]
    return (values[middle - 1] + values[middle]) / 2


class Report:
    def __init__(self, title, groups):
        self.title = title
        self.groups = groups

    @classmethod
    def from_csv(cls, path, key, column):
        groups = defaultdict(list)
        with open(path, newline="") as file:
            for row in csv.DictReader(file):
                groups[row[key]].append(float(row[column]))
        return cls(path, groups)

    @property
    def largest(self):
        return max(self.groups, key=lambda name: len(self.groups[name]))

    def lines(self):
        yield self.title
        for name, values in sorted(self.groups.items()):
            yield f"{name:>12}  first {values[0]:8.2f}  mean {mean(values):8.2f}  median {median(values):8.2f}"


if __name__ == "__main__":
    report = Report.from_csv(*sys.argv[1:4])
    print("\n".join(report.lines()))

"""Reads a document from standard input and refuses it unless it is valid by the schema in the file that is named first."""

import sys

from lxml import etree


def main():
    schema = etree.XMLSchema(etree.parse(sys.argv[1]))
    document = etree.parse(sys.stdin.buffer)
    schema.assertValid(document)
    print(len(document.getroot()))


if __name__ == "__main__":
    main()

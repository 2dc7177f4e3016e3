package config

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

// fileLayer is what the YAML file sets: one mapping of names to single values;
// a list counts as its members with commas between them.
func (l *loader) fileLayer(file value) layer {
	text, err := os.ReadFile(file.text)
	if err != nil {
		l.problem(file.where, "the file %s cannot be read: %v", file.text, plainCause(err))
		return nil
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		l.problem(file.text, "this is not YAML: %v", strings.TrimPrefix(err.Error(), "yaml: "))
		return nil
	}
	if len(document.Content) == 0 { // an empty file sets nothing
		return nil
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode {
		l.problem(file.text, "this must be lines of a name, a colon and a value")
		return nil
	}
	set := layer{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		l.fileEntry(set, file.text, root.Content[i], root.Content[i+1])
	}
	return set
}

// fileEntry takes one line of the file into set.
func (l *loader) fileEntry(set layer, path string, key, content *yaml.Node) {
	where := fmt.Sprintf("%s:%d", path, key.Line)
	text, err := scalar(content)
	switch _, repeated := set[key.Value]; {
	case !known(key.Value) || key.Value == configName:
		l.problem(where, "there is no setting of that name; config.example.yaml has them all")
	case repeated:
		l.problem(where, "%s is set a second time", key.Value)
	case err != nil:
		l.problem(where, "%s %v", key.Value, err)
	default:
		set[key.Value] = value{text, where}
	}
}

// scalar is the text of a single value, or of a list of them.
func scalar(n *yaml.Node) (string, error) {
	switch {
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		return "", nil
	case n.Kind == yaml.ScalarNode:
		return n.Value, nil
	case n.Kind == yaml.SequenceNode:
		var parts []string
		for _, member := range n.Content {
			part, err := scalar(member)
			if err != nil {
				return "", err
			}
			parts = append(parts, part)
		}
		return strings.Join(parts, ", "), nil
	}
	return "", errors.New("must be a single value")
}

// Texts to try: works that nobody has made yet, told in the words of the default table's field.
// Each is shown where the served run has the tag that it is about.

export const EXAMPLES = [
  {
    name: "Cracks in wind turbines",
    tag: "object-detection",
    item: {
      text:
        "Wind turbine blades, inspected by drone. We fine-tune a convolutional detector, " +
        "pretrained on COCO, that draws bounding boxes around cracks and ice. Written in " +
        "PyTorch; a thousand labelled photos come with it.",
    },
  },
  {
    name: "A voice for a small language",
    tag: "speech",
    item: {
      title: "Reading the news aloud in Sámi",
      description:
        "A transformer that turns written text into natural speech for a language with only " +
        "nine hours of recordings. It starts from a model trained on Finnish and learns the " +
        "new sounds by transfer learning.",
    },
  },
  {
    name: "A robot that pours tea",
    tag: "reinforcement-learning",
    item: {
      text:
        "A course on teaching a robot arm to pour tea by reward alone 🫖: bandits first, then " +
        "policy gradients and replay buffers, all in a simulator that runs on a laptop. The " +
        "last week moves the policy to a real arm, and mops the floor.",
    },
  },
];
